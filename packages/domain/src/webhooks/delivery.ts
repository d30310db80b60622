import type { DeliveryId, RunId, ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { MultitaskStrategy, RunSpec, TerminalStatus } from "../runs/run.js";
import type { GraphError } from "../threads/thread.js";

export type DeliveryStatus = "pending" | "delivered" | "failed";

/** One try, as the log shows it. */
export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly duration_ms: number;
  /** What the receiver answered; null when it did not. */
  readonly response_status: number | null;
  /** Why it did not count; null when it did. */
  readonly error: string | null;
}

/** A webhook of a run that ended. There is one per run. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly url: string;
  readonly status: DeliveryStatus;
  /** Tries since it was written or replayed. */
  readonly attempt: number;
  /** The newest tries, oldest first, those before a replay too. */
  readonly attempts: readonly DeliveryAttempt[];
  readonly lastError: string | null;
  readonly createdAt: Date;
  /** Null when it is over. While a worker sends: when another one may take over. */
  readonly nextAttemptAt: Date | null;
  readonly endedAt: Date | null;
}

/** The run as it ended, kept until it is delivered: the thread goes on, and runs are deleted. */
export interface EndedRun {
  readonly run_id: string;
  readonly thread_id: string;
  readonly assistant_id: string;
  readonly status: TerminalStatus;
  readonly metadata: JsonObject;
  readonly multitask_strategy: MultitaskStrategy;
  readonly spec: RunSpec;
  /** Times in any form that `Date` reads. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at: string | null;
  readonly ended_at: string;
  readonly error: GraphError | null;
  /** The state it left; null when it left none. */
  readonly values: Json;
}

/** A delivery in the hands of one worker, for as long as its claim is good. */
export interface ClaimedDelivery {
  readonly id: DeliveryId;
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly url: string;
  /** Counts claims. What a worker writes with a lower number than the row's is void. */
  readonly fence: number;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** How often it was claimed since it was written or replayed; more than `attempt` when workers died. */
  readonly claims: number;
  readonly ended: EndedRun;
  /** Why nobody can tell what to send; then what users wrote is as it is stored. */
  readonly unreadable?: Error;
}
