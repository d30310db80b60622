import type { ClaimedRun } from "../runs/run.js";
import type { GraphFinish } from "../runs/settle-run.js";
import type { TapeEvent } from "../runs/tape.js";
import type { ThreadSnapshot } from "../threads/thread.js";
import type {
  GraphThread,
  HistoryQuery,
  CheckpointSelector,
  PreparedUpdate,
  StateSnapshot,
  StateUpdate,
  SuperstepUpdate,
} from "./state.js";

/** What an executing graph has to do with the world. */
export interface GraphIo {
  readonly signal: AbortSignal;
  emit(event: TapeEvent): void;
  /**
   * Resolves when readers can have everything that was emitted, or cannot for now. Nothing is saved before: the events
   * of a step that is saved are not made again. Never rejects.
   */
  told(): Promise<void>;
}

/** Executes runs. Only workers have one. */
export interface GraphRunner {
  /**
   * Executes a claimed run until the graph rests. An attempt after the first goes on from what earlier attempts left.
   * Emits the events of the modes that the run asked for, without `metadata` and `error`, which are the worker's.
   *
   * @throws whatever the graph throws; the signal's reason when `signal` aborted it; `LeaseLost` when the ledger
   *   refused a checkpoint; DomainError `unavailable` when the ledger could not be reached.
   */
  execute(run: ClaimedRun, io: GraphIo): Promise<GraphFinish>;
  /** What the thread row should show now: after a cancel (`without` null), or as if a run had not happened. */
  snapshot(thread: GraphThread, options: { readonly without: string | null }): Promise<RestingState>;
}

/** The thread's state at rest. */
export interface RestingState extends ThreadSnapshot {
  readonly next: readonly string[];
  readonly checkpointId: string | null;
}

/** Reads and edits state with the graph's own reducers. The API has one; it never executes a run. */
export interface GraphStates {
  /** State at the head, or at the checkpoint named. A thread without checkpoints has empty values. */
  get(
    thread: GraphThread,
    options: { readonly checkpoint?: CheckpointSelector; readonly subgraphs: boolean },
  ): Promise<StateSnapshot>;
  /** Newest first. */
  history(thread: GraphThread, query: HistoryQuery): Promise<readonly StateSnapshot[]>;
  /** @throws DomainError `graph_failed` or `invalid_request` when the graph refuses the update. */
  prepareUpdate(thread: GraphThread, update: StateUpdate): Promise<PreparedUpdate>;
  /** Replays supersteps onto an empty thread. */
  prepareSupersteps(thread: GraphThread, supersteps: readonly (readonly SuperstepUpdate[])[]): Promise<PreparedUpdate>;
  /** The values at a checkpoint, as `wait` shows them, for readers whose tape is gone. */
  output(thread: GraphThread, checkpointId: string | null): Promise<string>;
}
