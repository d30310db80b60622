import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type Log } from "@graphfleet/domain";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Opens something that may still be starting itself. Tries until it works, or `forMs` have passed, or the process stops.
 * An error that time does not heal, like a wrong password, is thrown at once.
 */
export async function patiently<T>(
  open: () => Promise<T>,
  { name, forMs, stopping, log }: { name: string; forMs: number; stopping: AbortSignal; log: Log },
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await open();
    } catch (error) {
      const mayHeal = error instanceof DomainError && error.code === "unavailable";
      if (!mayHeal || Date.now() + pauseMs > deadline) throw error;
      log.warn({ name, reason: error.message, again_in_ms: pauseMs }, "not reachable yet; trying again");
    }
    await sleep(pauseMs, undefined, { signal: stopping });
  }
}
