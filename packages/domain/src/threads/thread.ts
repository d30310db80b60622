import type { ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { PageRequest, Sort } from "../page.js";

export type ThreadStatus = "idle" | "busy" | "interrupted" | "error";

export interface Interrupt {
  readonly id: string;
  readonly value: Json;
}

/** Interrupts that wait for an answer, by the task that raised them. Tasks without any are left out. */
export type Interrupts = { readonly [taskId: string]: readonly Interrupt[] };

/** An error as clients see it: the class name and the message of what the graph threw. */
export interface GraphError {
  readonly error: string;
  readonly message: string;
}

/** A conversation: the runs on it happen one at a time, and share one state. */
export interface Thread {
  readonly id: ThreadId;
  readonly status: ThreadStatus;
  readonly metadata: JsonObject;
  readonly config: JsonObject;
  /** The state's values after the last run or update; null until there are any. */
  readonly values: Json;
  readonly interrupts: Interrupts;
  readonly error: GraphError | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly stateUpdatedAt: Date | null;
}

export interface NewThread {
  readonly id: ThreadId;
  readonly metadata: JsonObject;
  readonly config?: JsonObject;
  /** Made for one run and gone after it; nobody else sees it. */
  readonly temporary?: boolean;
}

/** What admission and settlement need to know of a thread, without its values. */
export interface LockedThread {
  readonly id: ThreadId;
  readonly status: ThreadStatus;
  readonly metadata: JsonObject;
  readonly config: JsonObject;
  /** Highest tape number handed out so far. */
  readonly streamSeq: number;
}

/** What a thread row remembers of its state, so that lists need no checkpoints. */
export interface ThreadSnapshot {
  readonly values: Json;
  readonly interrupts: Interrupts;
}

export type ThreadSortColumn = "thread_id" | "status" | "created_at" | "updated_at" | "state_updated_at";

export type ThreadField =
  | "thread_id"
  | "created_at"
  | "updated_at"
  | "state_updated_at"
  | "metadata"
  | "config"
  | "context"
  | "status"
  | "values"
  | "interrupts"
  | "error";

export interface ThreadFilter {
  readonly ids?: readonly ThreadId[];
  /** Containment: every key must be there and match. */
  readonly metadata?: JsonObject;
  readonly values?: JsonObject;
  readonly status?: ThreadStatus;
}

export interface ThreadQuery extends ThreadFilter, PageRequest {
  readonly sort: Sort<ThreadSortColumn>;
  /** Columns that are wanted. `values` may be large and is not read when left out. Absent = all. */
  readonly select?: readonly ThreadField[];
}
