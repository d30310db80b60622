import type { Logger, Metrics } from "@graphfleet/chassis";

/**
 * What to do with a promise that was rejected and that nobody listened to, in a process that executes graphs: count it and
 * say so. One graph's forgotten promise must not end the runs of all others.
 */
export function observeStrayRejections(metrics: Metrics, log: Pick<Logger, "error">): (reason: unknown) => void {
  const stray = metrics.counter("stray_rejections_counter", "Rejected promises of graphs that nobody listened to");
  return (reason) => {
    stray.inc();
    log.error({ err: reason }, "a promise was rejected and nobody listened; most likely a graph forgot to await it");
  };
}
