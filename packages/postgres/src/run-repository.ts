import {
  type ActiveRun,
  type ActiveStatus,
  type CancelAction,
  type CancelledRun,
  type Claim,
  type ClaimableFirst,
  type ClaimedRun,
  type Ending,
  type EndingSettled,
  type InflightRun,
  type LastEnding,
  type Lease,
  type NewRun,
  type OnlyRuns,
  type Page,
  type ReapedRun,
  type Renewal,
  type Ring,
  type Run,
  type RunCounts,
  type RunId,
  type RunQuery,
  type RunRepository,
  type Scope,
  type Settled,
  TERMINAL_STATUSES,
  type ThreadId,
  type ThreadSnapshot,
  threadStatus,
} from "@graphfleet/domain";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";

import { cancelRuns } from "./cancel-runs.js";
import { deleteCheckpointsOfRun } from "./checkpoint-repository.js";
import { claimRun } from "./claim-run.js";
import { claimableThreads } from "./claimable-threads.js";
import { giveBackRun, renewRuns } from "./hold-runs.js";
import { insertRuns } from "./insert-runs.js";
import { json, jsonb } from "./json.js";
import { shortenOrphanedLeases } from "./lease-sessions.js";
import { endingBefore, leaveThread, lockThread } from "./leave-thread.js";
import { all, contains, inScope, orTrue } from "./metadata-filter.js";
import { pageOf } from "./page.js";
import { RUN_COLUMNS, toRun } from "./run-rows.js";
import type { Database } from "./schema.js";
import { settleRun } from "./settle-run.js";
import { reapExpiredRuns } from "./reap-runs.js";
import { countRuns, sweepTemporaryThreads, unheardRuns } from "./sweep-runs.js";
import { fromNow } from "./time.js";
import { inTransaction, retryingConflicts } from "./transaction.js";

const COLUMNS = RUN_COLUMNS.map((column) => `r.${column}` as const);
/** A run is seen by who sees its thread. */
const OWNER = sql.ref("t.metadata");

/**
 * Durable record of every run. The queue may lose or repeat a message; this table may not.
 *
 * Who decides what: a claim is one conditional update, so of many workers one wins; the index
 * `runs_one_running_per_thread` holds whatever the code does. Each claim counts up the run's fence, and every write of a
 * worker names the fence it got: once the run was taken away, nothing that worker writes counts. Leases run on the
 * database's clock. Locks are taken thread first, then runs by id.
 */
export class PostgresRunRepository implements RunRepository {
  readonly #db: Kysely<Database>;
  readonly #heartbeat: Kysely<Database>;

  /** `heartbeat` has a connection of its own: renewing leases must not queue behind the work the leases are for. */
  constructor(db: Kysely<Database>, heartbeat: Kysely<Database>) {
    this.#db = db;
    this.#heartbeat = heartbeat;
  }

  async insert(run: NewRun): Promise<Run> {
    const row = await this.#db
      .insertInto("runs")
      .values({
        run_id: run.id,
        thread_id: run.threadId,
        assistant_id: run.assistantId,
        metadata: jsonb(run.metadata),
        spec: json(run.spec),
        auth: json(run.auth),
        multitask_strategy: run.multitaskStrategy,
        temporary: run.spec.temporary,
        tape_from: run.tapeFrom,
        ...(run.priority === undefined ? {} : { priority: run.priority }),
        webhook: run.webhook,
        ...(run.afterSeconds > 0 ? { run_after: fromNow(run.afterSeconds) } : {}),
      })
      .returning(RUN_COLUMNS)
      .executeTakeFirstOrThrow();
    return toRun(row);
  }

  async insertMany(runs: readonly NewRun[]): Promise<void> {
    await insertRuns(this.#db, runs);
  }

  async get(runId: RunId, threadId: ThreadId | null, scope: Scope): Promise<Run | null> {
    return await oneOf(this.#visible(scope), runId, threadId);
  }

  async getToRead(runId: RunId, threadId: ThreadId | null, scope: Scope): Promise<Run | null> {
    return await oneOf(this.#within(scope), runId, threadId);
  }

  async find(runId: RunId): Promise<Run | null> {
    const row = await this.#db.selectFrom("runs").select(RUN_COLUMNS).where("run_id", "=", runId).executeTakeFirst();
    return row === undefined ? null : toRun(row);
  }

  async list(threadId: ThreadId, query: RunQuery, scope: Scope): Promise<Page<Run>> {
    const matching = this.#visible(scope)
      .where("r.thread_id", "=", threadId)
      .where(
        orTrue(
          all([
            query.status === undefined ? null : sql<boolean>`r.status = ${query.status}`,
            contains(sql.ref("r.metadata"), query.metadata),
          ]),
        ),
      );
    const rows = await matching
      .select(COLUMNS)
      .orderBy("r.seq", "desc")
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return pageOf(rows.map(toRun), query, async () => {
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
      return total;
    });
  }

  async inflight(threadId: ThreadId): Promise<readonly InflightRun[]> {
    const rows = await this.#db
      .selectFrom("runs")
      .select(["run_id", "status", "attempt"])
      .where("thread_id", "=", threadId)
      // Literal, so that the planner sees that the partial index serves it.
      .where(sql<boolean>`status in ('pending', 'running')`)
      .orderBy("seq")
      .execute();
    return rows.map((row) => ({
      id: row.run_id as RunId,
      status: row.status as InflightRun["status"],
      attempt: row.attempt,
    }));
  }

  async active(
    page: { readonly status: ActiveStatus; readonly before: number | null; readonly limit: number },
    scope: Scope,
  ): Promise<readonly ActiveRun[]> {
    const rows = await this.#visible(scope)
      .select(["r.run_id", "r.thread_id", "r.seq"])
      // Literal, so that the planner sees that the partial index serves it.
      .where(sql<boolean>`r.status in ('pending', 'running')`)
      .$if(page.status !== "all", (query) => query.where("r.status", "=", page.status as "pending" | "running"))
      .$if(page.before !== null, (query) => query.where("r.seq", "<", page.before))
      .orderBy("r.seq", "desc")
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({ runId: row.run_id as RunId, threadId: row.thread_id as ThreadId, seq: row.seq }));
  }

  async delete(runId: RunId, threadId: ThreadId): Promise<void> {
    await inTransaction(this.#db, async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom("runs")
        .where("run_id", "=", runId)
        .where("thread_id", "=", threadId)
        .where("status", "in", TERMINAL_STATUSES)
        .executeTakeFirst();
      if (numDeletedRows > 0n) await deleteCheckpointsOfRun(tx, threadId, runId);
    });
  }

  async requestCancel(runIds: readonly RunId[], action: CancelAction): Promise<readonly CancelledRun[]> {
    return inTransaction(this.#db, (tx) => cancelRuns(tx, runIds, action));
  }

  async claim({ threadId }: Pick<Ring, "threadId">, lease: Lease, only?: OnlyRuns): Promise<ClaimedRun | null> {
    return this.#once((db) => claimRun(db, threadId, lease, only));
  }

  async claimable(
    dueSeconds: number,
    limit: number,
    first: ClaimableFirst,
    only?: OnlyRuns,
  ): Promise<readonly ThreadId[]> {
    return claimableThreads(this.#db, { dueSeconds, limit, first, only });
  }

  async renew(claims: readonly (Claim & { readonly lastEvent: number })[], lease: Lease): Promise<readonly Renewal[]> {
    return retryingConflicts(() => renewRuns(this.#heartbeat, claims, lease));
  }

  async settle(claim: Claim, ending: Ending): Promise<EndingSettled> {
    return settleRun(this.#db, claim, ending);
  }

  async giveBack(claim: Claim, options: { readonly spent: boolean; readonly lastEvent: number }): Promise<Settled> {
    return this.#once((db) => giveBackRun(db, claim, options));
  }

  async rollBack(
    { runId, threadId, fence }: Claim,
    thread: { readonly snapshot: ThreadSnapshot; readonly ending: LastEnding; readonly lastSeq: number },
  ): Promise<Settled> {
    return inTransaction(this.#db, async (tx) => {
      await lockThread(tx, threadId);
      const { numDeletedRows } = await tx
        .deleteFrom("runs")
        .where("run_id", "=", runId)
        .where("fence", "=", fence)
        .where("status", "=", "running")
        .executeTakeFirst();
      if (numDeletedRows === 0n) return { kind: "stale" };

      // After the run's row is gone no writer can pass its guard any more, so this finds all there will ever be.
      await deleteCheckpointsOfRun(tx, threadId, runId);
      const { ending, error } = (await endingBefore(tx, threadId)) ?? { ending: thread.ending, error: null };
      const next = await leaveThread(tx, threadId, {
        status: threadStatus(0, ending),
        error,
        snapshot: thread.snapshot,
        lastSeq: thread.lastSeq,
      });
      return { kind: "settled", next };
    });
  }

  async unheard(olderThanSeconds: number, limit: number): Promise<readonly Ring[]> {
    return this.#once((db) => unheardRuns(db, olderThanSeconds, limit));
  }

  async reapExpired(options: { readonly maxAttempts: number; readonly limit: number }): Promise<readonly ReapedRun[]> {
    await shortenOrphanedLeases(this.#db);
    return reapExpiredRuns(this.#db, options);
  }

  async sweepTemporary(olderThanSeconds: number, limit: number): Promise<number> {
    return sweepTemporaryThreads(this.#db, olderThanSeconds, limit);
  }

  async counts(): Promise<RunCounts> {
    return countRuns(this.#db);
  }

  /** The runs that exist for callers, with their threads. */
  #visible(scope: Scope) {
    return this.#within(scope).where(sql<boolean>`(not r.temporary or r.status in ('pending', 'running'))`);
  }

  #within(scope: Scope) {
    return this.#db
      .selectFrom("runs as r")
      .innerJoin("threads as t", "t.thread_id", "r.thread_id")
      .where(orTrue(inScope(OWNER, scope)));
  }

  /** A single statement. Outside of a transaction it may be repeated after a deadlock; inside, the transaction is. */
  async #once<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    return this.#db.isTransaction ? work(this.#db) : retryingConflicts(() => work(this.#db));
  }
}

type RunsWithThreads = SelectQueryBuilder<
  Database & { r: Database["runs"]; t: Database["threads"] },
  "r" | "t",
  unknown
>;

async function oneOf(runs: RunsWithThreads, runId: RunId, threadId: ThreadId | null): Promise<Run | null> {
  const row = await runs
    .select(COLUMNS)
    .where("r.run_id", "=", runId)
    .$if(threadId !== null, (query) => query.where("r.thread_id", "=", threadId))
    .executeTakeFirst();
  return row === undefined ? null : toRun(row);
}
