import type { ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { CheckpointBatch } from "../checkpoints/checkpoint-repository.js";
import type { RunCommand } from "../runs/run.js";
import type { Interrupt, ThreadSnapshot } from "../threads/thread.js";

/** Names a checkpoint. Without an id it names a namespace: the state of a subgraph at its head. */
export interface CheckpointRef {
  readonly threadId: string;
  readonly checkpointNs: string;
  readonly checkpointId?: string;
  readonly checkpointMap?: JsonObject | null;
}

/** A thread's state at one checkpoint, in plain JSON: messages are flattened as clients expect them. */
export interface StateSnapshot {
  readonly values: Json;
  readonly next: readonly string[];
  readonly tasks: readonly TaskState[];
  readonly metadata: JsonObject;
  readonly createdAt: string | null;
  readonly checkpoint: CheckpointRef | null;
  readonly parentCheckpoint: CheckpointRef | null;
}

export interface TaskState {
  readonly id: string;
  readonly name: string;
  readonly path: Json;
  readonly error: string | null;
  readonly interrupts: readonly Interrupt[];
  readonly checkpoint: CheckpointRef | null;
  readonly state: StateSnapshot | null;
  readonly result: Json;
}

/** A thread as the engine needs it: which graph to read it with, and the config it last ran with. */
export interface GraphThread {
  readonly id: ThreadId;
  readonly graphId: string;
  readonly config: JsonObject;
}

/** Fields of a checkpoint that a client sent; all optional. */
export interface CheckpointSelector {
  readonly checkpointId?: string;
  readonly checkpointNs?: string;
  readonly checkpointMap?: JsonObject;
}

export interface HistoryQuery {
  readonly limit: number;
  /** Only checkpoints older than this one. */
  readonly before?: string;
  /** Containment on checkpoint metadata. */
  readonly metadata?: JsonObject;
  readonly checkpoint?: CheckpointSelector;
}

export interface StateUpdate {
  readonly values: Json;
  readonly asNode?: string;
  readonly checkpoint?: CheckpointSelector;
}

/** One update of a superstep that is replayed onto a new thread. */
export interface SuperstepUpdate {
  readonly values?: Json;
  readonly command?: RunCommand;
  readonly asNode: string;
}

/**
 * An update that was computed but not written. The use case writes it in one transaction with its own checks, so that
 * an update and a new run on the same thread cannot cross.
 */
export interface PreparedUpdate {
  readonly batches: readonly CheckpointBatch[];
  /** Newest checkpoint of the root namespace that the computation saw. Another one by now means: compute again. */
  readonly basedOn: string | null;
  readonly checkpoint: CheckpointRef;
  readonly snapshot: ThreadSnapshot;
  /** Nodes that would run next. */
  readonly next: readonly string[];
}
