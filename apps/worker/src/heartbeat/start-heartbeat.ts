import { setTimeout as sleep } from "node:timers/promises";
import { every } from "@graphfleet/chassis";
import { beatMsOf, Heartbeat, type HeartbeatOptions, RETRY_MS, WATCH_MS } from "./heartbeat.js";
import type { HeartbeatPort } from "./messages.js";

/** Lets a heartbeat beat in this thread. */
export function startHeartbeat(options: HeartbeatOptions): HeartbeatPort {
  const heartbeat = new Heartbeat(options);
  // Neither round throws, so there is nothing to log.
  const log = { warn: () => undefined };
  const closing = new AbortController();
  /** Until the ledger answers: a beat that failed has used up time that the lease does not have. */
  const beat = async (): Promise<void> => {
    while (!(await heartbeat.beat()) && !closing.signal.aborted) {
      await sleep(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const beats = every({ name: "heartbeat", everyMs: beatMsOf(options.lease), once: beat, log });
  const watch = every({ name: "watch", everyMs: WATCH_MS, once: () => heartbeat.watch(), log });
  return {
    tell: (message) => heartbeat.tell(message),
    async close() {
      closing.abort();
      await Promise.all([beats.stop(), watch.stop()]);
      heartbeat.stop();
    },
  };
}
