import {
  type CancelAction,
  type Claim,
  type ClaimedRun,
  claimOf,
  type Lease,
  type Log,
  type RunId,
  type RunRepository,
  type StopReason,
} from "@graphfleet/domain";

/**
 * Keeps the leases of the runs that this process executes, and tells each run when to stop.
 *
 * The database decides who owns a run: a lease is good for `lease.seconds` of database time after its last renewal, and
 * a run whose lease ran out may be executing elsewhere a moment later. So a run is put down when a renewal comes back
 * without it, and also when no renewal got through for almost a lease, because then the answer would be the same. Either
 * way the fence makes sure that nothing it still writes counts.
 *
 * A cancel is a column; each renewal reads it, so the hint that makes a cancel immediate may get lost.
 */
export interface LeaseKeeperOptions {
  readonly runs: Pick<RunRepository, "renew">;
  readonly lease: Lease;
  readonly log: Log;
  /** Wall clock limit of one attempt in seconds. */
  readonly timeoutSeconds: number;
}

/** A run in our hands. `signal` aborts with a StopReason. */
export interface HeldRun {
  readonly run: ClaimedRun;
  readonly signal: AbortSignal;
  /** Highest event number so far; goes on record with each renewal. */
  report(lastEvent: () => number): void;
  release(): void;
}

interface Held {
  readonly claim: Claim;
  readonly abort: AbortController;
  readonly deadline: NodeJS.Timeout;
  /** Fires when no renewal got through for almost a lease. */
  expiry: NodeJS.Timeout;
  renewedAt: number;
  lastEvent: () => number;
}

/** A renewal is asked for at a third of the lease, so two may get lost. */
export const beatMsOf = (lease: Lease): number => (lease.seconds * 1000) / 3;

/** A timer that is asked to wait longer than this fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #held = new Map<RunId, Held>();
  #stopping = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Takes a freshly claimed run under its wing. */
  hold(run: ClaimedRun): HeldRun {
    const abort = new AbortController();
    const timeoutMs = Math.min(this.#options.timeoutSeconds * 1000, LONGEST_TIMER_MS);
    const held: Held = {
      claim: claimOf(run),
      abort,
      deadline: setTimeout(() => stop(abort, "timed_out"), timeoutMs),
      expiry: setTimeout(() => stop(abort, "lease_lost"), this.#patienceMs),
      renewedAt: performance.now(),
      lastEvent: () => run.lastEvent,
    };
    // The run came back to us because our own earlier claim of it ran out: nobody renews that one any more.
    const earlier = this.#held.get(run.id);
    if (earlier !== undefined) stop(earlier.abort, "lease_lost");
    this.#held.set(run.id, held);
    if (run.cancelAction !== null) stop(abort, reasonOf(run.cancelAction));
    if (this.#stopping) stop(abort, "shutting_down");

    return {
      run,
      signal: abort.signal,
      report: (lastEvent) => {
        held.lastEvent = lastEvent;
      },
      release: () => {
        clearTimeout(held.deadline);
        clearTimeout(held.expiry);
        if (this.#held.get(run.id) === held) this.#held.delete(run.id);
      },
    };
  }

  /** One heartbeat: renews every lease and acts on what the rows say. Never throws. */
  async beat(): Promise<void> {
    const before = [...this.#held.values()];
    if (before.length === 0) return;

    const askedAt = performance.now();
    try {
      const { runs, lease } = this.#options;
      const claims = before.map(({ claim, lastEvent }) => ({ ...claim, lastEvent: lastEvent() }));
      // A ledger that hangs must not keep the next heartbeat waiting.
      const renewed = await within(beatMsOf(lease), runs.renew(claims, lease));
      const actions = new Map(renewed.map(({ runId, fence, cancelAction }) => [`${runId}:${fence}`, cancelAction]));
      for (const held of before) {
        const action = actions.get(`${held.claim.runId}:${held.claim.fence}`);
        if (action === undefined) stop(held.abort, "lease_lost");
        else {
          this.#extend(held, askedAt);
          if (action !== null) stop(held.abort, reasonOf(action));
        }
      }
    } catch (error) {
      this.#options.log.warn({ err: error, held: before.length }, "leases could not be renewed");
    }
  }

  /** Somebody says that this run was cancelled. The row knows better, so look at it now. */
  async look(runId: RunId): Promise<void> {
    if (this.#held.has(runId)) await this.beat();
  }

  /** Puts every run down, and every one that is still to come. */
  stopAll(): void {
    this.#stopping = true;
    for (const { abort } of this.#held.values()) stop(abort, "shutting_down");
  }

  /** Counts from the question, not from the answer: the database may have renewed at any moment in between. */
  #extend(held: Held, askedAt: number): void {
    const isReleased = this.#held.get(held.claim.runId) !== held;
    if (isReleased || askedAt < held.renewedAt) return;

    held.renewedAt = askedAt;
    clearTimeout(held.expiry);
    const leftMs = this.#patienceMs - (performance.now() - askedAt);
    held.expiry = setTimeout(() => stop(held.abort, "lease_lost"), leftMs);
  }

  /** How long a lease counts as ours without a renewal: a little less than the lease. */
  get #patienceMs(): number {
    return this.#options.lease.seconds * 1000 - beatMsOf(this.#options.lease) / 2;
  }
}

const reasonOf = (action: CancelAction): StopReason => (action === "rollback" ? "rolled_back" : "cancelled");

/** The first reason stays. */
function stop(abort: AbortController, reason: StopReason): void {
  if (!abort.signal.aborted) abort.abort(reason);
}

/** Rejects when the answer takes longer than `ms`. The work goes on, and whatever becomes of it is ignored. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
