/**
 * A duty that happens because time passed. `once` does a bounded piece of it, claimed with SKIP LOCKED, so any number of
 * schedulers may run and none leads.
 */
export interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  /** Ends early when it is to stop. @returns how many rows it took care of. */
  readonly once: (stopping: AbortSignal) => Promise<number>;
}
