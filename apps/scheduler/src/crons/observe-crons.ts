import type { Metrics } from "@graphfleet/chassis";
import type { CronOutcome } from "@graphfleet/domain";

/** @returns what to call for each cron whose moment had come. */
export function observeCrons(metrics: Metrics): (outcome: CronOutcome) => void {
  const firings = metrics.counter("scheduler_cron_firings_total", "Crons whose moment had come", ["outcome"]);
  const missed = metrics.counter(
    "scheduler_cron_missed_total",
    "Moments without a run, since no scheduler looked in time; at most 100 for each firing",
  );
  const late = metrics.histogram("scheduler_cron_late", "Milliseconds from a cron's moment to its firing");
  return ({ kind, missed: passed, lateMs }) => {
    firings.inc({ outcome: kind });
    missed.inc(passed);
    late.observe(lateMs);
  };
}
