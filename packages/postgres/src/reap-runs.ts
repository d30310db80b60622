import { type ReapedRun, type RunId, type ThreadId, attemptsExhausted, threadStatus } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonb } from "./json.js";
import { leaveThread } from "./leave-thread.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { inTransaction } from "./transaction.js";

/** What a run's row says when no worker has it. */
const HELD_BY_NOBODY = { lease_owner: null, lease_expires_at: null, lease_backend: null };

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
      ...HELD_BY_NOBODY,
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
      ...HELD_BY_NOBODY,
      ended_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where("run_id", "=", run_id)
    .execute();
}
