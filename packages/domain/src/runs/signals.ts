import type { RunId, ThreadId } from "../ids.js";

/** "Look at this run's thread." Payload of a ring: ids only, the facts are in the ledger. */
export interface Ring {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  /** Number of the last claim. Makes the ring of a new attempt a new ring. */
  readonly fence: number;
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
