/** A worker, as its fleet knows it. */
export interface EnrolledWorker {
  /** Names the process; no two have the same. */
  readonly owner: string;
  /** Runs that it may execute at once. */
  readonly slots: number;
}

/** A worker that was not heard of for this long is left out. */
export const ENROLLED_SECONDS = 20;
/** How often workers say that they are there. */
export const ENROL_EVERY_MS = 5000;

/** Who is there to execute runs. A hint for people and autoscalers: nothing that has to be right depends on it. */
export interface WorkerRoll {
  /** Counts for {@link ENROLLED_SECONDS}. @throws when the roll cannot be reached. */
  enrol(worker: EnrolledWorker): Promise<void>;
  /** This worker takes no more runs. Never rejects: the worker is forgotten anyway. */
  leave(owner: string): Promise<void>;
  /** Slots of all workers together; null when the roll cannot be reached. */
  slots(): Promise<number | null>;
}
