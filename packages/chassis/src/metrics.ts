import { Type } from "@sinclair/typebox";
import { type Counter, Gauge, Histogram, Registry, collectDefaultMetrics, Counter as PromCounter } from "prom-client";

export type { Counter, Gauge, Histogram } from "prom-client";

/** The variables of the metrics; a process spreads them into its own schema. */
export const MetricsEnv = {
  METRIC_PREFIX: Type.String({
    default: "lg_api_",
    pattern: "^[a-zA-Z_:][a-zA-Z0-9_:]*$",
    expected: "letters, digits and underscores, not starting with a digit",
    description: "Put before the name of every metric",
  }),
};

export interface MetricsOptions {
  readonly prefix?: string;
  /** CPU, memory, event loop and garbage collection of this process; default true. */
  readonly process?: boolean;
}

/** Spans from a millisecond to an hour: the same edges serve requests, queue waits and whole runs. */
const LATENCY_MS = [
  1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
];

/**
 * The metrics of one process. Names are given without the prefix.
 *
 * Asking twice for a name gives the same metric, so apps that share a process share their counters.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #prefix: string;

  constructor(options: MetricsOptions = {}) {
    this.#prefix = options.prefix ?? "lg_api_";
    if (options.process ?? true) collectDefaultMetrics({ register: this.#registry, prefix: this.#prefix });
  }

  counter<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return this.#once(name, (full) => new PromCounter({ ...this.#base(full, help), labelNames: labels }));
  }

  /** `collect` is asked for the present value at each scrape; leave it out for a gauge that is set. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    return this.#once(
      name,
      (full) =>
        new Gauge({
          ...this.#base(full, help),
          labelNames: labels,
          ...(collect === undefined
            ? {}
            : {
                collect(this: Gauge<L>) {
                  return collect(this);
                },
              }),
        }),
    );
  }

  /** Milliseconds, from 1 ms to an hour, unless other bucket edges are given. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    buckets: readonly number[] = LATENCY_MS,
  ): Histogram<L> {
    return this.#once(
      name,
      (full) => new Histogram({ ...this.#base(full, help), labelNames: labels, buckets: [...buckets] }),
    );
  }

  /** Everything in the Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The content type of `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  #base(name: string, help: string) {
    return { name, help, registers: [this.#registry] };
  }

  #once<M>(name: string, make: (full: string) => M): M {
    const full = `${this.#prefix}${name}`;
    // A name has one kind; a second ask with another kind would be a bug that its first use shows.
    return (this.#registry.getSingleMetric(full) as M | undefined) ?? make(full);
  }
}
