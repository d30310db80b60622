import type { RunId, ThreadId } from "../ids.js";

/** "Look at this run's thread." Payload of a ring: ids only, the facts are in the ledger. */
export interface Ring {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  /** Number of the last claim. */
  readonly fence: number;
  /**
   * A repetition in case the first ring got lost: left out while an earlier repetition still waits to be heard. Other
   * rings are never left out. A ring is in use while the run it led to executes, which may be another run of the
   * thread; the ring for the next run must not be mistaken for that one.
   */
  readonly repeated?: boolean;
  /** Lower is heard first; absent is 0, a run that somebody waits for. */
  readonly priority?: number;
  /** Heard before all others, whatever their priority: the run had begun, and somebody may be watching it stand still. */
  readonly first?: boolean;
  /** Ring not before this many milliseconds from now. */
  readonly delayMs?: number;
}

/** The doorbell. At least once and soon; a lost ring is repeated by the doorbell sweep. */
export interface RunQueue {
  /** @throws when the bell cannot be reached. The caller logs it and goes on: the sweep will ring. */
  ring(rings: readonly Ring[]): Promise<void>;
}

/** Consumes rings. `handle` must be safe to call twice for the same ring. */
export interface RingConsumer {
  /** Stops taking rings; resolves when the handlers in flight are done. */
  close(): Promise<void>;
}

export type ControlHint = { readonly kind: "cancel"; readonly runId: RunId };

/** Hints between processes. They make things immediate; nothing depends on them. */
export interface ControlChannel {
  send(hint: ControlHint): Promise<void>;
  /** @returns a function that unsubscribes. */
  subscribe(listener: (hint: ControlHint) => void): () => void;
}
