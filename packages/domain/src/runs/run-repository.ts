import type { Scope } from "../auth/scope.js";
import type { RunId, ThreadId } from "../ids.js";
import type { Page } from "../page.js";
import type { GraphError, ThreadSnapshot } from "../threads/thread.js";
import type { LastEnding } from "../threads/thread-status.js";
import type { CancelAction, Claim, ClaimedRun, NewRun, Run, RunQuery, TerminalStatus } from "./run.js";
import type { Ring } from "./signals.js";

/**
 * How long a claim is good for without a heartbeat, unless configured. A run whose worker vanished goes on elsewhere
 * after it, and a database may take nearly as long to answer. Heartbeats: see the worker's `heartbeat.ts`.
 */
export const LEASE_SECONDS = 8;

export interface Lease {
  readonly owner: string;
  readonly seconds: number;
}

/** What a held run looks like after its lease was renewed. */
export interface Renewal {
  readonly runId: RunId;
  readonly fence: number;
  readonly cancelAction: CancelAction | null;
}

/** The end of a run, as its worker reports it. */
export interface Ending {
  readonly status: TerminalStatus;
  readonly ending: LastEnding;
  readonly error: GraphError | null;
  /** State for the thread row; null keeps what is there. */
  readonly snapshot: ThreadSnapshot | null;
  readonly checkpointId: string | null;
  /** Highest tape number used. */
  readonly lastSeq: number;
}

/** `next` is the ring for the thread's oldest waiting run, if any. `stale`: the claim is no longer ours. */
export type Settled = { readonly kind: "settled"; readonly next: Ring | null } | { readonly kind: "stale" };

/**
 * What became of an ending. A cancel that was acknowledged before the ending was written wins over it: for `interrupt`
 * the run is recorded as `interrupted` whatever its worker reports (`status` tells); for `rollback` nothing is written
 * and the worker has to roll back.
 */
export type EndingSettled =
  | { readonly kind: "settled"; readonly status: TerminalStatus; readonly next: Ring | null }
  | { readonly kind: "stale" }
  | { readonly kind: "rollback_wanted" };

/** A run whose worker vanished. */
export interface ReapedRun {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly outcome: "requeued" | "interrupted" | "failed";
  readonly ring: Ring | null;
}

export interface InflightRun {
  readonly id: RunId;
  readonly status: "pending" | "running";
  readonly attempt: number;
}

/** Who comes first: `urgent` goes by priority, then by age; `oldest` by age alone. */
export type ClaimableFirst = "urgent" | "oldest";

/**
 * Which runs a worker may be given: those that were started fewer times than this. A run to be rolled back is always among
 * them, because it is not executed.
 */
export interface OnlyRuns {
  readonly startedBelow: number;
}

/** Which of the runs that are not over. */
export type ActiveStatus = "pending" | "running" | "all";

/** A run in flight on any thread. `seq` grows in the order in which runs were created. */
export interface ActiveRun {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly seq: number;
}

/** Durable record of every run. The queue may lose or repeat a message; this table may not. */
export interface RunRepository {
  insert(run: NewRun): Promise<Run>;
  /** Many at once, created in this order. */
  insertMany(runs: readonly NewRun[]): Promise<void>;
  /** `threadId` null finds the run on whatever thread it is. Finished temporary runs do not exist. */
  get(runId: RunId, threadId: ThreadId | null, scope: Scope): Promise<Run | null>;
  /** Like `get`, but also sees temporary runs that are over, while there is something left of them: for readers. */
  getToRead(runId: RunId, threadId: ThreadId | null, scope: Scope): Promise<Run | null>;
  /** Any run there is, for the machinery: whoever is told of it was asked who they are before. */
  find(runId: RunId): Promise<Run | null>;
  /** Newest first. */
  list(threadId: ThreadId, query: RunQuery, scope: Scope): Promise<Page<Run>>;
  /** Pending and running runs of the thread, oldest first. Call with the thread locked. */
  inflight(threadId: ThreadId): Promise<readonly InflightRun[]>;
  /** Runs in flight of all threads, newest first; `before` goes on behind the last one of a page. */
  active(
    page: { readonly status: ActiveStatus; readonly before: number | null; readonly limit: number },
    scope: Scope,
  ): Promise<readonly ActiveRun[]>;
  /** Removes a run that is over, with the checkpoints it wrote. Call with the thread locked. */
  delete(runId: RunId, threadId: ThreadId): Promise<void>;

  /**
   * Marks runs for cancelling. Pending runs that never started end (or, for `rollback`, vanish) at once; for the others
   * the mark is on the row for the worker to see. Call with the threads locked.
   */
  requestCancel(runIds: readonly RunId[], action: CancelAction): Promise<readonly CancelledRun[]>;

  /**
   * Hands the oldest due run of the ring's thread to one worker, with a fresh fence number.
   * @returns null when there is nothing to claim: none due, one of them executes already, or `only` leaves it to others.
   */
  claim(ring: Pick<Ring, "threadId">, lease: Lease, only?: OnlyRuns): Promise<ClaimedRun | null>;
  /**
   * Threads with a run that has been due for `dueSeconds` and could execute now. A look, not a
   * claim: others may see the same.
   */
  claimable(dueSeconds: number, limit: number, first: ClaimableFirst, only?: OnlyRuns): Promise<readonly ThreadId[]>;
  /** Renews leases. A claim that is missing in the answer is lost. */
  renew(claims: readonly (Claim & { readonly lastEvent: number })[], lease: Lease): Promise<readonly Renewal[]>;
  /**
   * Ends a run and brings its thread up to date, in one transaction. Saying the same again is fine: when the answer got
   * lost, the second call answers as the first would have.
   */
  settle(claim: Claim, ending: Ending): Promise<EndingSettled>;
  /** Puts a run back in line. `spent` tells whether this attempt counts. */
  giveBack(claim: Claim, options: { readonly spent: boolean; readonly lastEvent: number }): Promise<Settled>;
  /** Removes a run and the checkpoints it wrote; the thread goes back to `snapshot`. */
  rollBack(
    claim: Claim,
    thread: { readonly snapshot: ThreadSnapshot; readonly ending: LastEnding; readonly lastSeq: number },
  ): Promise<Settled>;

  /** Waiting runs, due for more than `olderThanSeconds`, that nobody can hear of: no ring since then. Marks them as rung. */
  unheard(olderThanSeconds: number, limit: number): Promise<readonly Ring[]>;
  /**
   * Takes runs away from workers whose lease ran out. A ledger that notices that the connection is gone which a lease was
   * renewed through may let it run out sooner, but not before whoever lives had time to renew it through another one.
   *
   * A run that was started `maxAttempts` times fails, unless its worker held others too: then any of them may have killed
   * it, and the run waits for one more start, as a suspect.
   */
  reapExpired(options: { readonly maxAttempts: number; readonly limit: number }): Promise<readonly ReapedRun[]>;
  /** Removes threads of temporary runs that ended longer ago. @returns how many. */
  sweepTemporary(olderThanSeconds: number, limit: number): Promise<number>;
  /** Numbers for gauges. */
  counts(): Promise<RunCounts>;
}

export interface CancelledRun {
  readonly runId: RunId;
  readonly threadId: ThreadId;
  /** `done`: over already. `marked`: its worker has to stop. `waiting`: needs a worker to clean up after it. */
  readonly state: "done" | "marked" | "waiting";
  readonly ring: Ring | null;
}

export interface RunCounts {
  readonly pending: number;
  readonly running: number;
  /** Age in seconds of the oldest due run that waits for a worker. */
  readonly oldestPendingSeconds: number;
}
