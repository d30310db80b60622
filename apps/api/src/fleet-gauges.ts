import type { Metrics } from "@graphfleet/chassis";
import type { DeliveryCounts, DeliveryRepository, RunCounts, RunRepository } from "@graphfleet/domain";

export interface FleetNumbers {
  readonly runs: Pick<RunRepository, "counts">;
  readonly deliveries: Pick<DeliveryRepository, "counts">;
  readonly poolStats: () => {
    readonly max: number;
    readonly total: number;
    readonly idle: number;
    readonly waiting: number;
  };
  /** Threads whose tape somebody reads through this process. */
  readonly tapesRead: () => number;
}

/** Gauges of the queue, of this process's connections and of its readers; asked for at each scrape. */
export function gaugeFleet(metrics: Metrics, { runs, deliveries, poolStats, tapesRead }: FleetNumbers): void {
  const counts = onePerScrape(() => runs.counts(), UNKNOWN_RUNS);
  metrics.gauge("num_pending_runs", "Due runs that wait for a worker", [], async (gauge) =>
    gauge.set((await counts()).pending),
  );
  metrics.gauge("num_running_runs", "Runs that execute", [], async (gauge) => gauge.set((await counts()).running));
  metrics.gauge("oldest_pending_run_seconds", "How long the oldest due run has waited", [], async (gauge) =>
    gauge.set((await counts()).oldestPendingSeconds),
  );

  const owed = onePerScrape(() => deliveries.counts(), UNKNOWN_DELIVERIES);
  metrics.gauge("num_pending_webhooks", "Webhooks that are not delivered yet", [], async (gauge) =>
    gauge.set((await owed()).pending),
  );
  metrics.gauge("oldest_due_webhook_seconds", "How long the oldest webhook that is due has waited", [], async (gauge) =>
    gauge.set((await owed()).oldestDueSeconds),
  );

  metrics.gauge("pg_pool_max", "Most connections to Postgres", [], (gauge) => gauge.set(poolStats().max));
  metrics.gauge("pg_pool_size", "Open connections to Postgres", [], (gauge) => gauge.set(poolStats().total));
  metrics.gauge("pg_pool_available", "Connections that nobody uses, or that may still be opened", [], (gauge) => {
    const { max, total, idle } = poolStats();
    gauge.set(max - total + idle);
  });
  metrics.gauge("pg_pool_waiting", "Callers that wait for a connection", [], (gauge) => gauge.set(poolStats().waiting));
  metrics.gauge("tapes_read", "Threads whose events are being read", [], (gauge) => gauge.set(tapesRead()));
}

/**
 * Gauges are collected side by side; one question to the ledger answers all of them. While it does not answer, their
 * values are not known, and the rest of the page is still served.
 */
function onePerScrape<Counts>(ask: () => Promise<Counts>, unknown: Counts): () => Promise<Counts> {
  let asked: Promise<Counts> | null = null;
  return () => {
    asked ??= ask()
      .catch(() => unknown)
      .finally(() => {
        asked = null;
      });
    return asked;
  };
}

const UNKNOWN_RUNS: RunCounts = { pending: Number.NaN, running: Number.NaN, oldestPendingSeconds: Number.NaN };
const UNKNOWN_DELIVERIES: DeliveryCounts = { pending: Number.NaN, oldestDueSeconds: Number.NaN };
