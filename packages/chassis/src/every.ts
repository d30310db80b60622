import { setTimeout as sleep } from "node:timers/promises";

export interface EveryOptions {
  /** Appears in the log. */
  readonly name: string;
  /** Pause between the end of one round and the start of the next. */
  readonly everyMs: number;
  /**
   * One round. What it resolves to is handed to whoever calls `once()`; the loop itself ignores it. A long round should
   * end early when the signal is aborted: `stop` waits for it.
   */
  readonly once: (stopping: AbortSignal) => Promise<unknown>;
  readonly log: { warn(fields: object, message: string): void };
  /** Longest pause after failures; default 30 s, or `everyMs` if that is longer. */
  readonly backoffMaxMs?: number;
  /** How the loop waits; tests bring their own. Ends early, without rejecting, when the signal is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 to 1; tests bring their own. */
  readonly random?: () => number;
}

export interface Every {
  readonly name: string;
  /** Asks for no further round and waits for the present one. */
  stop(): Promise<void>;
}

/**
 * Runs a duty again and again until stopped, the first time at once.
 *
 * Pauses vary by a tenth, so that many processes do not ask the database in the same instant. A round that fails is
 * logged and tried again after a pause that doubles with each failure in a row; the loop itself never fails.
 */
export function every(options: EveryOptions): Every {
  const { name, everyMs, once, log, wait = pause, random = Math.random } = options;
  const backoffMaxMs = Math.max(options.backoffMaxMs ?? 30_000, everyMs);
  const stopping = new AbortController();

  async function loop(): Promise<void> {
    let failures = 0;
    for (;;) {
      try {
        await once(stopping.signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        log.warn({ name, failures, err: error }, "a round failed and will be tried again");
      }
      if (stopping.signal.aborted) return;
      const pauseMs = Math.min(everyMs * 2 ** Math.min(failures, 20), failures === 0 ? everyMs : backoffMaxMs);
      await wait(pauseMs * (0.9 + 0.2 * random()), stopping.signal);
      if (stopping.signal.aborted) return;
    }
  }

  const ended = loop();
  return {
    name,
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Only the stop ends a pause early; the loop looks at the signal next.
  }
}
