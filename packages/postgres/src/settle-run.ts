import { type Claim, type Ending, type EndingSettled, type TerminalStatus, threadStatus } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonbText } from "./json.js";
import { lockThread, ringForNext } from "./leave-thread.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { refreshedExpiry } from "./time.js";
import { inTransaction } from "./transaction.js";

/**
 * Ends a run and brings its thread up to date.
 *
 * Two statements in a transaction. The first only locks the thread, because the second must count what waits on it as of
 * *after* the lock: a run that was admitted meanwhile keeps the thread busy and has to be rung for. The fence in the
 * update makes a stale worker's ending void; a cancel that was acknowledged before wins over whatever the worker says.
 */
export async function settleRun(db: Kysely<Database>, claim: Claim, ending: Ending): Promise<EndingSettled> {
  return inTransaction(db, async (tx) => {
    await lockThread(tx, claim.threadId);
    const { rows } = await settlement(claim, ending).execute(tx);
    const row = rows[0];
    if (row === undefined) return whyNot(tx, claim);
    return { kind: "settled", status: row.status, next: row.run_id === null ? null : toRing(row as RingRow) };
  });
}

interface SettledRow {
  readonly status: TerminalStatus;
  readonly run_id: string | null;
  readonly thread_id: string | null;
  readonly fence: number | null;
  readonly priority: number | null;
}

function settlement({ runId, threadId, fence }: Claim, { status, ending, error, snapshot, ...left }: Ending) {
  const errorText = error === null ? null : jsonbText(error);
  return sql<SettledRow>`/* settle_run */
    with ended as (
      update runs r
      set status = case when r.cancel_action is null then ${status}::text else 'interrupted' end,
          error = case when r.cancel_action is null then ${errorText}::jsonb end,
          checkpoint_id = ${left.checkpointId}::text,
          lease_owner = null,
          lease_expires_at = null,
          ended_at = clock_timestamp(),
          updated_at = clock_timestamp()
      where r.run_id = ${runId}::uuid and r.fence = ${fence}::int and r.status = 'running'
        and r.cancel_action is distinct from 'rollback'
      returning r.status, r.cancel_action is not null as cancelled
    ),
    others as (
      select o.run_id, o.seq, o.status, o.run_after
      from runs o
      where o.thread_id = ${threadId}::uuid and o.run_id <> ${runId}::uuid and o.status in ('pending', 'running')
    ),
    next as (
      select n.run_id from others n, ended
      where n.status = 'pending' and n.run_after <= statement_timestamp()
      order by n.seq
      limit 1
    ),
    rung as (
      update runs w set rung_at = clock_timestamp() from next
      where w.run_id = next.run_id
      returning w.run_id, w.thread_id, w.fence, w.priority
    ),
    thread as (
      update threads t
      set status = case
            when exists (select from others) then ${threadStatus(1, ending)}::text
            when ended.cancelled then ${threadStatus(0, "cancelled")}::text
            else ${threadStatus(0, ending)}::text
          end,
          resting_status = case when ended.cancelled then ${threadStatus(0, "cancelled")}::text
            else ${threadStatus(0, ending)}::text end,
          error = case when ${ending === "failed"}::boolean and not ended.cancelled then ${errorText}::jsonb end,
          "values" = case when ${snapshot === null}::boolean then t."values" else ${
            snapshot === null ? null : jsonbText(snapshot.values)
          }::jsonb end,
          interrupts = coalesce(${snapshot === null ? null : jsonbText(snapshot.interrupts)}::jsonb, t.interrupts),
          state_updated_at = case when ${snapshot === null}::boolean then t.state_updated_at else clock_timestamp() end,
          stream_seq = greatest(t.stream_seq, ${left.lastSeq}::bigint),
          expires_at = ${refreshedExpiry},
          updated_at = clock_timestamp()
      from ended
      where t.thread_id = ${threadId}::uuid
    )
    select ended.status, rung.run_id, rung.thread_id, rung.fence, rung.priority from ended left join rung on true`;
}

/**
 * Nothing was written. Either the run is no longer ours, or its rollback was wished for, or we wrote this ending before
 * and never heard the answer: then the row is over under our own fence, and saying it again is right.
 */
async function whyNot(tx: Kysely<Database>, { runId, threadId, fence }: Claim): Promise<EndingSettled> {
  const ours = await tx
    .selectFrom("runs")
    .select(["status", "cancel_action"])
    .where("run_id", "=", runId)
    .where("fence", "=", fence)
    .executeTakeFirst();
  if (ours === undefined || ours.status === "pending") return { kind: "stale" };
  if (ours.status === "running")
    return ours.cancel_action === "rollback" ? { kind: "rollback_wanted" } : { kind: "stale" };
  return { kind: "settled", status: ours.status, next: await ringForNext(tx, threadId) };
}
