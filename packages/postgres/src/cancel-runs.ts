import type { CancelAction, CancelledRun, RunId, ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";

interface MarkedRow extends RingRow {
  readonly status: "pending" | "running";
  readonly cancel_action: CancelAction | null;
}

/**
 * Marks runs for cancelling, in one place for all cases. Call with the threads locked, in a transaction.
 *
 *              never started          waits for another attempt       executes
 *   interrupt  ends now: done         ends now: done                  marked
 *   rollback   vanishes now: done     marked, rung for: waiting       marked
 *
 * A run that was started before may have written checkpoints, so a worker has to take it away. A wish for `rollback`
 * stays when an `interrupt` follows. Runs that are over are left out of the answer.
 */
export async function cancelRuns(
  tx: Kysely<Database>,
  runIds: readonly RunId[],
  action: CancelAction,
): Promise<readonly CancelledRun[]> {
  if (runIds.length === 0) return [];
  const inflight = await lockInflight(tx, runIds);

  const cancelled: CancelledRun[] = [];
  for (const row of inflight) cancelled.push(await cancel(tx, row, action));
  return cancelled;
}

/** By id: the order in which heartbeats lock runs, too. */
async function lockInflight(tx: Kysely<Database>, runIds: readonly RunId[]): Promise<readonly MarkedRow[]> {
  const { rows } = await sql<MarkedRow>`
    select r.run_id, r.thread_id, r.fence, r.priority, r.status, r.cancel_action
    from runs r
    where r.run_id = any(${runIds}::uuid[]) and r.status in ('pending', 'running')
    order by r.run_id
    for update`.execute(tx);
  return rows;
}

async function cancel(tx: Kysely<Database>, row: MarkedRow, wanted: CancelAction): Promise<CancelledRun> {
  const action = row.cancel_action === "rollback" ? "rollback" : wanted;
  const ids = { runId: row.run_id as RunId, threadId: row.thread_id as ThreadId };

  if (row.status === "running") {
    await mark(tx, row.run_id, action);
    return { ...ids, state: "marked", ring: null };
  }
  if (action === "interrupt") {
    await tx
      .updateTable("runs")
      .set({
        status: "interrupted",
        cancel_action: action,
        ended_at: sql<Date>`clock_timestamp()`,
        updated_at: sql<Date>`clock_timestamp()`,
      })
      .where("run_id", "=", row.run_id)
      .execute();
    if (row.fence > 0) await restAsCancelled(tx, row.thread_id);
    return { ...ids, state: "done", ring: null };
  }
  if (row.fence === 0) {
    await tx.deleteFrom("runs").where("run_id", "=", row.run_id).execute();
    return { ...ids, state: "done", ring: null };
  }
  await mark(tx, row.run_id, action);
  return { ...ids, state: "waiting", ring: toRing(row) };
}

/** The run had begun, so its cancel is the last thing that happened to the thread; a run that never began changes nothing. */
async function restAsCancelled(tx: Kysely<Database>, threadId: string): Promise<void> {
  await tx
    .updateTable("threads")
    .set({ resting_status: "idle", error: null })
    .where("thread_id", "=", threadId)
    .execute();
}

async function mark(tx: Kysely<Database>, runId: string, action: CancelAction): Promise<void> {
  await tx
    .updateTable("runs")
    .set({
      cancel_action: action,
      rung_at: sql<Date>`clock_timestamp()`,
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where("run_id", "=", runId)
    .execute();
}
