import { every } from "@graphfleet/chassis";
import { beatMsOf, Heartbeat, type HeartbeatOptions, WATCH_MS } from "./heartbeat.js";
import type { HeartbeatPort } from "./messages.js";

/** Lets a heartbeat beat in this thread. */
export function startHeartbeat(options: HeartbeatOptions): HeartbeatPort {
  const heartbeat = new Heartbeat(options);
  // Neither round throws, so there is nothing to log.
  const log = { warn: () => undefined };
  const beats = every({ name: "heartbeat", everyMs: beatMsOf(options.lease), once: () => heartbeat.beat(), log });
  const watch = every({ name: "watch", everyMs: WATCH_MS, once: () => heartbeat.watch(), log });
  return {
    tell: (message) => heartbeat.tell(message),
    async close() {
      await Promise.all([beats.stop(), watch.stop()]);
      heartbeat.stop();
    },
  };
}
