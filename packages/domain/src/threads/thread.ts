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

/** How long a thread may go unused, and what happens then: it goes, or its past does. */
export interface TtlWish {
  readonly minutes: number;
  readonly strategy: TtlStrategy;
}

export type TtlStrategy = "delete" | "keep_latest";

export interface ThreadTtl extends TtlWish {
  /** Put off by each run and each edit of the state. */
  readonly expiresAt: Date;
}

/** What became of threads whose time was over. */
export interface ExpiredBatch {
  readonly deleted: readonly ThreadId[];
  /** They kept their newest state, and their time began again. */
  readonly kept: readonly ThreadId[];
  /** The bounds were reached: there may be more. */
  readonly more: boolean;
}

/** A conversation: the runs on it happen one at a time, and share one state. */
export interface Thread {
  readonly id: ThreadId;
  readonly status: ThreadStatus;
  readonly metadata: JsonObject;
  readonly config: JsonObject;
  /** That of the last run which found the thread free; null until there was one. Later runs do not inherit it. */
  readonly context: Json;
  /** The state's values after the last run or update; null until there are any. */
  readonly values: Json;
  readonly interrupts: Interrupts;
  readonly error: GraphError | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly stateUpdatedAt: Date | null;
  /** Null: it stays until someone deletes it. */
  readonly ttl: ThreadTtl | null;
}

export interface NewThread {
  readonly id: ThreadId;
  readonly metadata: JsonObject;
  readonly config?: JsonObject;
  /** Made for one run and gone after it; nobody else sees it. */
  readonly temporary?: boolean;
  readonly ttl?: TtlWish;
}

/** A thread that is made together with its first run, and so is never seen without it. */
export interface NewBusyThread extends Omit<NewThread, "ttl"> {
  readonly takeOver: ThreadTakeOver;
}

export interface ThreadPatch {
  /** Merged one level deep. */
  readonly metadata: JsonObject;
  /** Begins anew, from now. Absent: it stays as it is. */
  readonly ttl?: TtlWish;
}

/** What a thread takes over from a run that found it free. */
export interface ThreadTakeOver {
  readonly metadata: JsonObject;
  readonly config: JsonObject;
  readonly context: Json;
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

/** The fields of a thread, in wire names. */
export const THREAD_FIELDS = [
  "thread_id",
  "created_at",
  "updated_at",
  "state_updated_at",
  "metadata",
  "config",
  "context",
  "status",
  "values",
  "interrupts",
  "error",
] as const;
export type ThreadField = (typeof THREAD_FIELDS)[number];

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
  /** Parts of a row to give under names of their own, whatever columns were selected. At most ten. */
  readonly extract?: readonly ThreadExtract[];
}

/** A part of a thread: a field, and the way into it by member names and indices (`-1` is the last item). */
export interface ThreadExtract {
  readonly alias: string;
  readonly field: ThreadField;
  readonly path: readonly string[];
}

/** A row of a search: the columns that were selected, and what was extracted, by alias. */
export interface FoundThread extends Partial<Thread> {
  readonly extracted?: JsonObject;
}
