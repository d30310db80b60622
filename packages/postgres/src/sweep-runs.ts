import {
  type ReapedRun,
  type Ring,
  type RunCounts,
  type RunId,
  type ThreadId,
  attemptsExhausted,
  threadStatus,
} from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonb } from "./json.js";
import { leaveThread } from "./leave-thread.js";
import { removeThreads } from "./remove-threads.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { ago } from "./time.js";
import { inTransaction } from "./transaction.js";

/*
 * What the scheduler does to runs when something went wrong elsewhere. Each sweep takes a bounded batch and skips rows
 * that somebody else works on, so any number of schedulers may sweep at once and none needs to be the leader.
 */

/** Waiting runs that could execute and that nobody was told of, or that nobody came for. */
export async function unheardRuns(
  db: Kysely<Database>,
  olderThanSeconds: number,
  limit: number,
): Promise<readonly Ring[]> {
  const { rows } = await sql<RingRow>`
    with unheard as (
      select u.run_id
      from runs u
      where u.status = 'pending'
        and u.run_after < ${ago(olderThanSeconds)}
        and u.rung_at < ${ago(olderThanSeconds)}
        and not exists (
          select from runs before
          where before.thread_id = u.thread_id
            and (before.status = 'running'
              or before.status = 'pending' and before.seq < u.seq and before.run_after <= statement_timestamp())
        )
      order by u.priority, u.run_after
      limit ${limit}
      for update skip locked
    )
    update runs r set rung_at = clock_timestamp() from unheard
    where r.run_id = unheard.run_id
    returning r.run_id, r.thread_id, r.fence, r.priority`.execute(db);
  return rows.map(toRing);
}

interface ExpiredRow extends RingRow {
  readonly attempt: number;
  readonly cancel_action: "interrupt" | "rollback" | null;
  readonly lease_owner: string;
  /** Its worker held other runs too, or has lost one while it held this one. */
  readonly in_company: boolean;
}

/**
 * Takes runs away from workers whose lease ran out. The threads are locked first, those that are free; under their locks
 * the runs are looked at again, because a heartbeat or an ending may have come in between.
 */
export async function reapExpiredRuns(
  db: Kysely<Database>,
  { maxAttempts, limit }: { readonly maxAttempts: number; readonly limit: number },
): Promise<readonly ReapedRun[]> {
  return inTransaction(db, async (tx) => {
    const locked = await sql<{ run_id: string }>`
      select r.run_id
      from runs r join threads t on t.thread_id = r.thread_id
      where r.status = 'running' and r.lease_expires_at < statement_timestamp()
      order by r.lease_expires_at
      limit ${limit}
      for update of t skip locked`.execute(tx);
    if (locked.rows.length === 0) return [];

    const expired = await sql<ExpiredRow>`
      select r.run_id, r.thread_id, r.fence, r.priority, r.attempt, r.cancel_action, r.lease_owner,
        r.in_company or exists (
          select from runs other
          where other.status = 'running' and other.lease_owner = r.lease_owner and other.run_id <> r.run_id
        ) as in_company
      from runs r
      where r.run_id = any(${locked.rows.map((row) => row.run_id)}::uuid[])
        and r.status = 'running' and r.lease_expires_at < statement_timestamp()
      order by r.run_id
      for update`.execute(tx);

    const reaped: ReapedRun[] = [];
    for (const row of expired.rows) reaped.push(await reap(tx, row, maxAttempts));
    await markNeighbours(tx, expired.rows);
    return reaped;
  });
}

/**
 * Runs of the same workers whose leases have not run out, or whose threads were busy, are taken away later if those are
 * dead. Rows that somebody else works on are left out: to wait for them without their threads could be a deadlock, and
 * they are renewed, ended, or taken away by somebody who sees ours.
 */
async function markNeighbours(tx: Kysely<Database>, expired: readonly ExpiredRow[]): Promise<void> {
  const owners = [...new Set(expired.map((row) => row.lease_owner))];
  if (owners.length === 0) return;
  await sql`/* mark_neighbours */
    with neighbours as (
      select n.run_id
      from runs n
      where n.status = 'running' and n.lease_owner = any(${owners}::text[]) and not n.in_company
      for no key update skip locked
    )
    update runs r set in_company = true from neighbours where r.run_id = neighbours.run_id`.execute(tx);
}

async function reap(tx: Kysely<Database>, row: ExpiredRow, maxAttempts: number): Promise<ReapedRun> {
  const ids = { runId: row.run_id as RunId, threadId: row.thread_id as ThreadId };

  if (row.cancel_action === "interrupt") {
    await end(tx, row, "interrupted", null);
    const leaving = { status: threadStatus(0, "cancelled"), error: null, snapshot: null, lastSeq: null };
    return { ...ids, outcome: "interrupted", ring: await leaveThread(tx, ids.threadId, leaving) };
  }
  const suspect = row.attempt > maxAttempts;
  // Any of its neighbours may have killed the worker. So it is started once more, where there is no other such run.
  const spared = row.attempt === maxAttempts && row.in_company;
  if (row.cancel_action === null && row.attempt >= maxAttempts && !spared) {
    const error = attemptsExhausted(row.run_id, row.attempt, suspect);
    await end(tx, row, "error", error);
    const leaving = { status: threadStatus(0, "failed"), error, snapshot: null, lastSeq: null };
    return { ...ids, outcome: "failed", ring: await leaveThread(tx, ids.threadId, leaving) };
  }
  // Also for a rollback: its checkpoints are a worker's to remove, however often the run was tried.
  await tx
    .updateTable("runs")
    .set({
      status: "pending",
      lease_owner: null,
      lease_expires_at: null,
      lease_backend: null,
      rung_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where("run_id", "=", row.run_id)
    .execute();
  return { ...ids, outcome: "requeued", ring: toRing(row) };
}

async function end(
  tx: Kysely<Database>,
  { run_id }: ExpiredRow,
  status: "interrupted" | "error",
  error: ReturnType<typeof attemptsExhausted> | null,
): Promise<void> {
  await tx
    .updateTable("runs")
    .set({
      status,
      error: error === null ? null : jsonb(error),
      lease_owner: null,
      lease_expires_at: null,
      ended_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where("run_id", "=", run_id)
    .execute();
}

/** Removes threads of temporary runs once late readers had their time. */
export async function sweepTemporaryThreads(
  db: Kysely<Database>,
  olderThanSeconds: number,
  limit: number,
): Promise<number> {
  return inTransaction(db, async (tx) => {
    const { rows } = await sql<{ thread_id: string }>`
      select t.thread_id
      from threads t
      where t.temporary and t.updated_at < ${ago(olderThanSeconds)}
        and not exists (
          select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running')
        )
      order by t.updated_at
      limit ${limit}
      for update skip locked`.execute(tx);
    if (rows.length > 0)
      await removeThreads(
        tx,
        rows.map((row) => row.thread_id as ThreadId),
      );
    return rows.length;
  });
}

/** How much waits and how much executes. A run behind another one of its thread does not wait for a worker. */
export async function countRuns(db: Kysely<Database>): Promise<RunCounts> {
  const { rows } = await sql<RunCounts>`
    select
      count(*) as pending,
      (select count(*) from runs where status = 'running') as running,
      coalesce(extract(epoch from statement_timestamp() - min(r.run_after)), 0)::float8 as "oldestPendingSeconds"
    from runs r
    where r.status = 'pending' and r.run_after <= statement_timestamp()
      and not exists (
        select from runs busy where busy.thread_id = r.thread_id and busy.status = 'running'
      )`.execute(db);
  return rows[0] ?? { pending: 0, running: 0, oldestPendingSeconds: 0 };
}
