import type { ThreadId } from "../ids.js";
import type { JsonObject } from "../json.js";
import type { Claim } from "../runs/run.js";

/** Rows for the checkpointer's tables, already serialised. `type` and `bytes` are the serializer's. */
export interface CheckpointRow {
  readonly ns: string;
  readonly checkpointId: string;
  readonly parentId: string | null;
  readonly checkpoint: JsonObject;
  readonly metadata: JsonObject;
}

export interface BlobRow {
  readonly ns: string;
  readonly channel: string;
  readonly version: string;
  readonly type: string;
  readonly bytes: Uint8Array | null;
}

export interface WriteRow {
  readonly ns: string;
  readonly checkpointId: string;
  readonly taskId: string;
  readonly idx: number;
  readonly channel: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Special writes (errors, interrupts, resume values) replace what is there; ordinary ones are kept as first written. */
  readonly replace: boolean;
}

export interface CheckpointBatch {
  readonly threadId: ThreadId;
  readonly checkpoints: readonly CheckpointRow[];
  readonly blobs: readonly BlobRow[];
  readonly writes: readonly WriteRow[];
}

export interface CheckpointRepository {
  /**
   * Writes the batch, whole or not at all. With a claim nothing is written unless the run is still ours.
   * @returns false when the claim is stale.
   */
  write(batch: CheckpointBatch, claim: Claim | null): Promise<boolean>;
  /** Id of the newest checkpoint of a namespace. */
  head(threadId: ThreadId, ns: string): Promise<string | null>;
  /** Merges `metadata` into that of the newest checkpoint of the graph itself. @returns false when there is none. */
  label(threadId: ThreadId, metadata: JsonObject): Promise<boolean>;
  /** Forgets the past: of each namespace only the newest checkpoint stays. Call with the thread locked and at rest. */
  keepLatest(threadId: ThreadId): Promise<void>;
  /** Removes what a run wrote. Call with the thread locked. */
  deleteRun(threadId: ThreadId, runId: string): Promise<void>;
  deleteThread(threadId: ThreadId): Promise<void>;
  /**
   * Removes what this server wrote for threads that are not there any more: nothing should be left of them, and this is
   * for what did. Looks at `limit` threads that have checkpoints, in the order of their ids, after `after`.
   */
  removeOrphans(after: string, limit: number): Promise<OrphanPage>;
  /** What the checkpointer's tables take on disk, by table, with their indexes. */
  bytes(): Promise<Readonly<Record<string, number>>>;
}

export interface OrphanPage {
  readonly removed: number;
  /** Where to go on; null at the end. */
  readonly next: string | null;
}
