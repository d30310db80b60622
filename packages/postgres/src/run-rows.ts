import type {
  AssistantId,
  ClaimedRun,
  GraphError,
  JsonObject,
  MultitaskStrategy,
  Ring,
  Run,
  RunAuth,
  RunId,
  RunSpec,
  RunStatus,
  ThreadId,
  CancelAction,
} from "@graphfleet/domain";
import { sql } from "kysely";

/** What a `Run` is made of. The caller's identity is not among it. */
export const RUN_COLUMNS = [
  "run_id",
  "thread_id",
  "assistant_id",
  "status",
  "metadata",
  "spec",
  "multitask_strategy",
  "created_at",
  "updated_at",
  "run_after",
  "started_at",
  "ended_at",
  "attempt",
  "fence",
  "cancel_action",
  "error",
  "tape_from",
  "checkpoint_id",
] as const;

/** The same as SQL, of a table called `r`. */
export const RUN_COLUMN_LIST = sql.join(RUN_COLUMNS.map((column) => sql.ref(`r.${column}`)));

export interface RunRow {
  readonly run_id: string;
  readonly thread_id: string;
  readonly assistant_id: string;
  readonly status: RunStatus;
  readonly metadata: JsonObject;
  readonly spec: RunSpec;
  readonly multitask_strategy: MultitaskStrategy;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly run_after: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly attempt: number;
  readonly fence: number;
  readonly cancel_action: CancelAction | null;
  readonly error: GraphError | null;
  readonly tape_from: number;
  readonly checkpoint_id: string | null;
}

export interface ClaimedRow extends RunRow {
  readonly auth: RunAuth;
  readonly seq_base: number;
  readonly last_event: number;
}

export interface RingRow {
  readonly run_id: string;
  readonly thread_id: string;
  readonly fence: number;
  readonly priority: number;
}

// The id columns hold nothing else, so the casts below only name what is known.

export const toRun = (row: RunRow): Run => ({
  id: row.run_id as RunId,
  threadId: row.thread_id as ThreadId,
  assistantId: row.assistant_id as AssistantId,
  status: row.status,
  metadata: row.metadata,
  spec: row.spec,
  multitaskStrategy: row.multitask_strategy,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  runAfter: row.run_after,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  attempt: row.attempt,
  fence: row.fence,
  cancelAction: row.cancel_action,
  error: row.error,
  tapeFrom: row.tape_from,
  checkpointId: row.checkpoint_id,
});

export const toClaimedRun = (row: ClaimedRow): ClaimedRun => ({
  ...toRun(row),
  auth: row.auth,
  seqBase: row.seq_base,
  lastEvent: row.last_event,
});

export const toRing = (row: RingRow): Ring => ({
  runId: row.run_id as RunId,
  threadId: row.thread_id as ThreadId,
  fence: row.fence,
  ...(row.priority > 0 ? { priority: row.priority } : {}),
});
