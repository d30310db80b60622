import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./message-of.js";

export interface PatienceOptions {
  /** Appears in the log. */
  readonly name: string;
  /** Milliseconds after which the last error is thrown. */
  readonly forMs: number;
  /** Whether time may heal this error. One that it does not heal, like a wrong password, is thrown at once. */
  readonly mayHeal: (error: unknown) => boolean;
  readonly stopping: AbortSignal;
  readonly log: { warn(fields: object, message: string): void };
  /** How the pauses are waited; tests bring their own. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Opens something that may still be starting itself: tries until it works, or the patience is over, or the process
 * stops. Fleets start all at once, and a database may be the last to be ready.
 */
export async function patiently<T>(open: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const { name, forMs, mayHeal, stopping, log, wait = pause } = options;
  let waitedMs = 0;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await open();
    } catch (error) {
      if (!mayHeal(error) || waitedMs + pauseMs > forMs) throw error;
      const reason = messageOf(error);
      log.warn({ name, reason, again_in_ms: pauseMs }, "not reachable yet; trying again");
    }
    await wait(pauseMs, stopping);
    waitedMs += pauseMs;
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });
