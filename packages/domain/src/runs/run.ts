import type { Caller } from "../auth/caller.js";
import type { AssistantId, RunId, ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { PageRequest } from "../page.js";

export type RunStatus = "pending" | "running" | TerminalStatus;
export type TerminalStatus = "success" | "error" | "timeout" | "interrupted";

export const TERMINAL_STATUSES: readonly TerminalStatus[] = ["success", "error", "timeout", "interrupted"];
export const isTerminal = (status: RunStatus): status is TerminalStatus => status !== "pending" && status !== "running";

export type MultitaskStrategy = "reject" | "interrupt" | "rollback" | "enqueue";

/** What a cancel leaves behind: `interrupt` keeps the run and its checkpoints, `rollback` removes both. */
export type CancelAction = "interrupt" | "rollback";

export type StreamMode =
  | "values"
  | "messages"
  | "messages-tuple"
  | "updates"
  | "events"
  | "tasks"
  | "checkpoints"
  | "debug"
  | "custom"
  | "tools";

export type Durability = "sync" | "async" | "exit";

/** Answers, updates and jumps for a graph that waits. Replaces the input. */
export interface RunCommand {
  readonly update?: Json;
  readonly resume?: Json;
  readonly goto?: Json;
}

/** What to execute: the request after everything was merged into it. Kept with the run, read by the worker. */
export interface RunSpec {
  readonly graphId: string;
  readonly input: Json;
  readonly command: RunCommand | null;
  /** Wire form of a runnable config: `tags`, `recursion_limit`, `configurable`, `metadata`, … */
  readonly config: JsonObject;
  readonly context: Json;
  readonly streamModes: readonly StreamMode[];
  readonly streamSubgraphs: boolean;
  readonly streamResumable: boolean;
  readonly interruptBefore: "*" | readonly string[] | null;
  readonly interruptAfter: "*" | readonly string[] | null;
  readonly durability: Durability | null;
  readonly feedbackKeys: readonly string[];
  readonly webhook: string | null;
  /** Runs without a checkpointer on a thread that vanishes afterwards. */
  readonly temporary: boolean;
  /** Somebody listened from the start (`stream`, `wait`), so a finished run owes nothing to late readers. */
  readonly attached: boolean;
}

/** Who the graph runs for. Kept apart from the spec so that it never reaches a client. */
export type RunAuth = Omit<Caller, "headers">;

export interface Run {
  readonly id: RunId;
  readonly threadId: ThreadId;
  readonly assistantId: AssistantId;
  readonly status: RunStatus;
  readonly metadata: JsonObject;
  readonly spec: RunSpec;
  readonly multitaskStrategy: MultitaskStrategy;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Not before this moment. */
  readonly runAfter: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly attempt: number;
  /** Counts claims. Every write of a worker carries it; a lower number than the row's is void. */
  readonly fence: number;
  readonly cancelAction: CancelAction | null;
  /** Why it failed, for terminal `error` and `timeout`. */
  readonly error: { readonly error: string; readonly message: string } | null;
  /** All tape entries of this run carry a higher number. */
  readonly tapeFrom: number;
  /** The checkpoint the run left at the thread's head, when it ended and wrote any. */
  readonly checkpointId: string | null;
}

export interface NewRun {
  readonly id: RunId;
  readonly threadId: ThreadId;
  readonly assistantId: AssistantId;
  readonly metadata: JsonObject;
  readonly spec: RunSpec;
  readonly auth: RunAuth;
  readonly multitaskStrategy: MultitaskStrategy;
  readonly afterSeconds: number;
  readonly tapeFrom: number;
  /** Of two runs that wait for a worker the lower one goes first; absent is 0. */
  readonly priority?: number;
  /** Where its end is to be told; null when nowhere, whatever the request asked for. */
  readonly webhook: string | null;
}

/** A run in the hands of one worker. */
export interface ClaimedRun extends Run {
  readonly auth: RunAuth;
  /** First tape number of this attempt; the whole block up to the next claim is the attempt's own. */
  readonly seqBase: number;
  /** Highest event number that was on record when an earlier attempt last reported; -1 for none. */
  readonly lastEvent: number;
  /** Why nobody can tell what it is to do; then what users wrote is as it is stored, and the run can only fail. */
  readonly unreadable?: Error;
}

/** Names a claim: the run and the number of the claim. */
export interface Claim {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly fence: number;
}

export const claimOf = (run: ClaimedRun): Claim => ({ runId: run.id, threadId: run.threadId, fence: run.fence });

export type RunField =
  | "run_id"
  | "thread_id"
  | "assistant_id"
  | "created_at"
  | "updated_at"
  | "status"
  | "metadata"
  | "kwargs"
  | "multitask_strategy";

export interface RunQuery extends PageRequest {
  readonly status?: RunStatus;
  readonly metadata?: JsonObject;
}
