import { setTimeout as sleep } from "node:timers/promises";

/** What a batch did, and whether there may be more to do. */
export interface Batch {
  readonly rows: number;
  readonly more: boolean;
}

export interface InBatchesOptions {
  /** One short transaction that takes care of at most `most` rows. */
  readonly batch: (most: number) => Promise<Batch>;
  /** Rows of a whole round. */
  readonly limit: number;
  readonly stopping: AbortSignal;
  /** Milliseconds; tests bring their own. */
  readonly now?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * One batch after the other until nothing is left or the round is full. After each one it rests for as long as that took,
 * so however much there is to do, half of the time (and more of a database that is slow) is everybody else's.
 *
 * @returns how many rows were taken care of.
 */
export async function inBatches(options: InBatchesOptions): Promise<number> {
  const { batch, limit, stopping, now = () => performance.now(), wait = rest } = options;
  let done = 0;
  while (done < limit && !stopping.aborted) {
    const began = now();
    const { rows, more } = await batch(limit - done);
    done += rows;
    if (!more) break;
    await wait(now() - began, stopping);
  }
  return done;
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Only the stop ends a rest early; the round looks at the signal next.
  }
}
