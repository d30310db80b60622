import type { Metrics } from "@graphfleet/chassis";
import type { ClaimedRun } from "@graphfleet/domain";
import type { Departure, RunObserver } from "./runs/run-observer.js";

const COUNTERS: Record<Departure, { readonly name: string; readonly help: string }> = {
  success: { name: "run_success_counter", help: "Runs that ended well" },
  error: { name: "run_failed_counter", help: "Runs that failed for good" },
  timeout: { name: "run_timeout_counter", help: "Runs that took longer than allowed" },
  interrupted: { name: "run_canceled_by_request_counter", help: "Runs that were cancelled" },
  rolled_back: { name: "run_rolled_back_counter", help: "Runs that were rolled back" },
  retried: { name: "run_failed_retriable_counter", help: "Attempts that an outage ended and that are made again" },
  given_back: { name: "run_abandoned_by_shutdown_counter", help: "Runs given back because this worker stops" },
  abandoned: { name: "run_lease_lost_counter", help: "Runs whose result was void because another worker owned them" },
};

/** Counts runs as they come and go, under the names of the official server where it has one. */
export function observeRuns(metrics: Metrics, slots: { readonly max: number; active(): number }): RunObserver {
  const started = metrics.counter("run_attempt_started_counter", "Attempts that this worker began");
  const waited = metrics.histogram(
    "run_queue_wait_time_1st_attempt",
    "Milliseconds from due to claimed, first attempts",
  );
  const took = metrics.histogram("run_execution_latency", "Milliseconds from claimed to settled");
  const ended = Object.fromEntries(
    Object.entries(COUNTERS).map(([departure, { name, help }]) => [departure, metrics.counter(name, help)]),
  );
  const refused = metrics.counter(
    "zombie_writes_rejected_counter",
    "Writes that came after their run was taken over, and that the fence made void",
    ["write"],
  );
  const ignored = metrics.counter("run_ignored_stop_counter", "Graphs that went on although they were told to stop");
  metrics.gauge("workers_max", "Runs that this worker may execute at once", [], (gauge) => gauge.set(slots.max));
  metrics.gauge("workers_active", "Runs that this worker executes", [], (gauge) => gauge.set(slots.active()));
  metrics.gauge("workers_available", "Runs that this worker could take", [], (gauge) =>
    gauge.set(slots.max - slots.active()),
  );

  const claimedAt = new WeakMap<ClaimedRun, number>();
  return {
    started(run) {
      claimedAt.set(run, performance.now());
      started.inc();
      // Both are database times, so clocks that differ do no harm.
      if (run.attempt === 1 && run.startedAt !== null) waited.observe(run.startedAt.getTime() - run.runAfter.getTime());
    },
    ended(run, departure) {
      ended[departure]?.inc();
      took.observe(performance.now() - (claimedAt.get(run) ?? performance.now()));
    },
    refused(_run, write) {
      refused.inc({ write });
    },
    ignoredStop() {
      ignored.inc();
    },
  };
}
