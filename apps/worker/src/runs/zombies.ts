import { type ClaimedRun, claimOf, type Log } from "@graphfleet/domain";
import type { RunObserver } from "./run-observer.js";

export interface ZombiesOptions {
  /** How long a graph may take to stop after it was told to. */
  readonly patienceMs: number;
  /** This many at once, and the process is not fit for work any more. */
  readonly max: number;
  readonly tooMany: (error: Error) => void;
  readonly observer: Pick<RunObserver, "ignoredStop" | "refused">;
  readonly log: Log;
}

/** The graph was told to stop and did not. Its run goes on without it. */
class IgnoredStop extends Error {
  override readonly name = "IgnoredStop";
}

/**
 * Graphs that were told to stop and go on all the same.
 *
 * A promise cannot be killed. So after a while its run is settled as if it had stopped, and its slot is free: the fence
 * makes whatever it still writes void, and its tape is closed. What it does to the world outside cannot be helped. It
 * still eats CPU and memory; when there are too many, the process asks to be replaced.
 */
export class Zombies {
  readonly #options: ZombiesOptions;
  #count = 0;
  #told = false;

  constructor(options: ZombiesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#count;
  }

  /** What the graph makes of its run. @throws what it throws; `IgnoredStop` when it does not stop in time. */
  async stopOrLeave<T>(run: ClaimedRun, signal: AbortSignal, execution: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    const ignored = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        timer = setTimeout(() => {
          this.#add(run, String(signal.reason), execution);
          reject(new IgnoredStop(`The graph of run ${run.id} did not stop`));
        }, this.#options.patienceMs);
      };
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([execution, ignored]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #add(run: ClaimedRun, reason: string, execution: Promise<unknown>): void {
    const { log, max, tooMany, observer } = this.#options;
    this.#count += 1;
    log.warn({ ...claimOf(run), reason }, "a graph did not stop when told to; its run goes on without it");
    observer.ignoredStop(run);
    const gone = (): void => {
      this.#count -= 1;
    };
    execution.then(gone, gone);
    if (this.#count < max || this.#told) return;
    this.#told = true;
    tooMany(new Error(`${this.#count} graphs did not stop when they were told to`));
  }
}
