import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics.js";

/**
 * What to do with a promise that was rejected and that nobody listened to, in a process that executes code of the project:
 * graphs, its web app, its auth. It is counted and told: one forgotten promise must not end what all others do.
 */
export function observeStrayRejections(metrics: Metrics, log: Pick<Logger, "error">): (reason: unknown) => void {
  const stray = metrics.counter("stray_rejections_counter", "Rejected promises of the project that nobody listened to");
  return (reason) => {
    stray.inc();
    log.error(
      { err: reason },
      "a promise was rejected and nobody listened; most likely the project forgot to await it",
    );
  };
}
