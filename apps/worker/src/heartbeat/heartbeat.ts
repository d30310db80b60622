import {
  type CancelledRun,
  type Claim,
  type Lease,
  type Ring,
  type RunRepository,
  settlementOf,
  type Signals,
  messageOf,
} from "@graphfleet/domain";
import type { FromHeartbeat, ToHeartbeat } from "./messages.js";

/**
 * Renews the leases of the runs that a process executes.
 *
 * It lives in a thread of its own, because a graph may block the event loop of the process for minutes and is still
 * executing. All judgement about leases is made here, on a clock that is never blocked: a timer of the workshop that
 * fires late would take a healthy lease for a lost one.
 *
 * The database decides who owns a run: a lease is good for `lease.seconds` of database time after its last renewal, and
 * a run whose lease ran out may be executing elsewhere a moment later. So a run counts as lost when a renewal comes back
 * without it, and also when no renewal got through for almost a lease, because then the answer would be the same. Either
 * way the fence makes sure that nothing it still writes counts.
 *
 * A cancel is a column; each renewal reads it, so the hint that makes a cancel immediate may get lost.
 *
 * An event loop that is blocked for good would keep its leases for ever. So when the workshop is silent and one of its
 * runs is over its time, the run's end is written from here, the others are given back, and the process is killed:
 * nothing gentler reaches it.
 */
export interface HeartbeatOptions {
  readonly runs: Pick<RunRepository, "renew" | "settle" | "giveBack">;
  readonly lease: Lease;
  readonly hear: (message: FromHeartbeat) => void;
  /** Ends the process at once, saying why. */
  readonly kill: (why: string) => void;
  /** Tells the fleet what was written for a blocked process, so that readers and workers hear of it at once. */
  readonly announce?: Signals["announce"];
}

interface Held {
  readonly claim: Claim;
  readonly deadlineAt: number;
  /** Fires when no renewal got through for almost a lease. */
  expiry: NodeJS.Timeout;
  renewedAt: number;
  lastEvent: number;
}

/** A lease whose connection broke does not last longer than a few beats, however long it is (docs/adr/0006). */
const LONGEST_BEAT_MS = 2000;

/** A renewal is asked for four times per lease at least, and may take as long: two may hang and the third is in time. */
export const beatMsOf = (lease: Lease): number => Math.min((lease.seconds * 1000) / 4, LONGEST_BEAT_MS);

/** How long a lease counts as ours without a renewal: a little less than the lease. */
export const patienceMsOf = (lease: Lease): number => lease.seconds * 875;

/** How often the workshop says that it is alive, and how often somebody listens for it. */
export const WATCH_MS = 1000;
/** Rounds of silence after which the event loop counts as blocked. Rounds, not time: a process that was frozen is not. */
const SILENT_ROUNDS = 5;
/** Longest that a process to be killed waits for others to be told; they find out by themselves, later. */
const ANNOUNCE_MS = 3000;
/** Pause before the ledger is asked again that did not answer. */
export const RETRY_MS = 150;

const keyOf = ({ runId, fence }: Pick<Claim, "runId" | "fence">): string => `${runId}:${fence}`;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #held = new Map<string, Held>();
  readonly #ended: CancelledRun[] = [];
  readonly #rings: Ring[] = [];
  #silentRounds = 0;
  #dying = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  tell(message: ToHeartbeat): void {
    switch (message.kind) {
      case "hold":
        return this.#hold(message.claim, message.lastEvent, message.timeoutMs);
      case "release":
        return this.#drop(keyOf(message.claim));
      case "alive":
        this.#silentRounds = 0;
        for (const event of message.events) {
          const held = this.#held.get(keyOf(event));
          if (held !== undefined) held.lastEvent = Math.max(held.lastEvent, event.lastEvent);
        }
        return;
      case "look":
        void this.beat();
    }
  }

  /** Renews every lease and tells what the rows say. Never throws. @returns false when the ledger did not answer. */
  async beat(): Promise<boolean> {
    const before = [...this.#held.values()];
    if (before.length === 0) return true;

    const { runs, lease, hear } = this.#options;
    const askedAt = performance.now();
    try {
      const claims = before.map(({ claim, lastEvent }) => ({ ...claim, lastEvent }));
      // A ledger that hangs must not keep the next heartbeat waiting.
      const renewed = await within(beatMsOf(lease), runs.renew(claims, lease));
      const actions = new Map(renewed.map((renewal) => [keyOf(renewal), renewal.cancelAction]));
      for (const held of before) {
        const action = actions.get(keyOf(held.claim));
        if (action === undefined) {
          this.#lose(held);
        } else {
          this.#extend(held, askedAt);
          if (action !== null) hear({ kind: "cancelled", claim: held.claim, action });
        }
      }
      return true;
    } catch (error) {
      hear({ kind: "trouble", held: before.length, reason: messageOf(error) });
      return false;
    }
  }

  /** One round of watching the workshop. Kills the process when a run is over its time and nobody is there to stop it. */
  async watch(): Promise<void> {
    this.#silentRounds += 1;
    if (this.#dying || this.#silentRounds <= SILENT_ROUNDS) return;
    const now = performance.now();
    const held = [...this.#held.values()];
    const late = held.filter(({ deadlineAt }) => deadlineAt <= now);
    if (late.length === 0) return;

    this.#dying = true;
    await this.#clearAway(
      late,
      held.filter((one) => !late.includes(one)),
    );
    await this.#tellOthers();
    this.#options.kill(`the event loop is blocked and ${late.length} run(s) are over their time`);
  }

  /** Forgets everything. */
  stop(): void {
    for (const key of this.#held.keys()) this.#drop(key);
  }

  #hold(claim: Claim, lastEvent: number, timeoutMs: number): void {
    const now = performance.now();
    this.#drop(keyOf(claim));
    const held: Held = {
      claim,
      lastEvent,
      renewedAt: now,
      deadlineAt: now + timeoutMs,
      expiry: setTimeout(() => this.#lose(held), patienceMsOf(this.#options.lease)),
    };
    this.#held.set(keyOf(claim), held);
  }

  #drop(key: string): void {
    clearTimeout(this.#held.get(key)?.expiry);
    this.#held.delete(key);
  }

  #lose(held: Held): void {
    if (this.#held.get(keyOf(held.claim)) !== held) return;
    this.#drop(keyOf(held.claim));
    this.#options.hear({ kind: "lost", claim: held.claim });
  }

  /** Counts from the question, not from the answer: the database may have renewed at any moment in between. */
  #extend(held: Held, askedAt: number): void {
    const isReleased = this.#held.get(keyOf(held.claim)) !== held;
    if (isReleased || askedAt < held.renewedAt) return;

    held.renewedAt = askedAt;
    clearTimeout(held.expiry);
    held.expiry = setTimeout(() => this.#lose(held), patienceMsOf(this.#options.lease) - (performance.now() - askedAt));
  }

  /** Ends the runs that are late and gives the others back; for as long as a lease, then the lease sweep has to do it. */
  async #clearAway(late: readonly Held[], others: readonly Held[]): Promise<void> {
    const over = new AbortController();
    const deadline = setTimeout(() => over.abort(), this.#options.lease.seconds * 1000);
    const work = Promise.all([
      ...late.map((held) => insist(() => this.#endLate(held), over.signal)),
      ...others.map((held) => insist(() => this.#giveBack(held), over.signal)),
    ]);
    await Promise.race([work, aborted(over.signal)]);
    clearTimeout(deadline);
    over.abort();
  }

  async #endLate(held: Held): Promise<void> {
    const settlement = settlementOf({ kind: "stopped", reason: "timed_out" }, 1, 1);
    if (settlement.kind !== "end") return;
    const settled = await this.#options.runs.settle(held.claim, {
      status: settlement.status,
      ending: settlement.ending,
      error: settlement.error,
      // What it left behind cannot be read without its graph.
      snapshot: null,
      checkpointId: null,
      // The claim reserved the tape's numbers.
      lastSeq: 0,
    });
    // Removing its checkpoints takes a worker with the graph.
    if (settled.kind === "rollback_wanted") await this.#giveBack(held);
    const { runId, threadId } = held.claim;
    if (settled.kind === "settled") this.#ended.push({ runId, threadId, state: "done", ring: settled.next });
  }

  async #giveBack({ claim, lastEvent }: Held): Promise<void> {
    const settled = await this.#options.runs.giveBack(claim, { spent: false, lastEvent });
    if (settled.kind === "settled" && settled.next !== null) this.#rings.push({ ...settled.next, first: true });
  }

  /** A hint as all others: it may get lost. */
  async #tellOthers(): Promise<void> {
    const changes = { rings: this.#rings, cancelled: this.#ended };
    await within(ANNOUNCE_MS, this.#options.announce?.(changes) ?? Promise.resolve()).catch(() => undefined);
  }
}

/** Does the work again until it succeeds or `signal` aborts. */
async function insist(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

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
