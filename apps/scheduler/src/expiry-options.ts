/** The parts of langgraph.json that say what expires. Times are in minutes. */
export interface ProjectLifetimes {
  readonly checkpointer: {
    readonly ttl?:
      { readonly sweep_interval_minutes?: number | undefined; readonly sweep_limit?: number | undefined } | undefined;
  };
  readonly store: { readonly ttl?: { readonly sweep_interval_minutes?: number | undefined } | undefined };
}

export interface ExpiryOptions {
  /** `limit` is for one round of one scheduler. */
  readonly threads: { readonly everyMs: number; readonly limit: number };
  readonly items: { readonly everyMs: number };
}

const SWEEP_MINUTES = 5;
const SWEEP_LIMIT = 1000;
/** Timers cannot wait longer than 24 days, and nobody wants to wait longer than one for a change to take effect. */
const SLOWEST_MS = 24 * 60 * 60 * 1000;
/** A round may find nothing to do; that many of them should not keep the database busy. */
const FASTEST_MS = 100;

/**
 * How often to sweep. A project that says nothing, or none at all, is swept too, since any request may give a thread or an
 * item a lifetime.
 */
export function expiryOf(project: ProjectLifetimes | null): ExpiryOptions {
  const threads = project?.checkpointer.ttl ?? {};
  const items = project?.store.ttl ?? {};
  return {
    threads: { everyMs: millis(threads.sweep_interval_minutes), limit: threads.sweep_limit ?? SWEEP_LIMIT },
    items: { everyMs: millis(items.sweep_interval_minutes) },
  };
}

const millis = (minutes = SWEEP_MINUTES): number => Math.min(Math.max(minutes * 60_000, FASTEST_MS), SLOWEST_MS);
