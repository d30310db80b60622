import type { ClaimedRun, Lease, OnlyRuns, ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { presentSession } from "./lease-sessions.js";
import { among } from "./only-runs.js";
import { isUniqueViolation } from "./pg-errors.js";
import { type ClaimedRow, RUN_COLUMN_LIST, toClaimedRun } from "./run-rows.js";
import type { Database } from "./schema.js";
import { TAPE_BLOCK } from "./tape-block.js";
import { fromNow } from "./time.js";

/**
 * Hands the oldest due run of a thread to one worker.
 *
 * One statement, so that a claim costs one round trip, and still in the order everybody locks in: the thread's row is
 * updated first, the run is joined to the outcome. The statement sees one snapshot. When it had to wait for the thread,
 * that snapshot is old, and two things keep it honest: the run is taken only if it is pending *now* (an update checks
 * its condition again on the row's newest version), and the index `runs_one_running_per_thread` refuses a second
 * execution. A claim that loses this way finds nothing, which is fine: whoever changed the thread rings after its commit.
 */
export async function claimRun(
  db: Kysely<Database>,
  threadId: ThreadId,
  lease: Lease,
  only?: OnlyRuns,
): Promise<ClaimedRun | null> {
  try {
    const { rows } = await sql<ClaimedRow>`/* claim_run */
      with oldest as (
        select d.run_id, d.attempt, d.cancel_action
        from runs d
        where d.thread_id = ${threadId}::uuid and d.status = 'pending' and d.run_after <= statement_timestamp()
        order by d.seq
        limit 1
      ),
      due as (
        select o.run_id from oldest o where ${among("o", only)}
      ),
      thread as (
        update threads t
        set stream_seq = t.stream_seq + ${sql.lit(TAPE_BLOCK)}
        where t.thread_id = ${threadId}::uuid
          and exists (select from due)
          and not exists (
            select from runs busy where busy.thread_id = ${threadId}::uuid and busy.status = 'running'
          )
        returning t.thread_id, t.stream_seq
      )
      update runs r
      set status = 'running',
          attempt = r.attempt + 1,
          fence = r.fence + 1,
          in_company = false,
          lease_owner = ${lease.owner}::text,
          lease_expires_at = ${fromNow(lease.seconds)},${presentSession},
          started_at = coalesce(r.started_at, clock_timestamp()),
          updated_at = clock_timestamp()
      from due, thread
      where r.run_id = due.run_id and r.thread_id = thread.thread_id and r.status = 'pending'
        and ${among("r", only)}
      returning ${RUN_COLUMN_LIST}, r.auth, r.last_event, thread.stream_seq as seq_base`.execute(db);
    return rows[0] === undefined ? null : toClaimedRun(rows[0]);
  } catch (error) {
    if (isUniqueViolation(error, "runs_one_running_per_thread")) return null;
    throw error;
  }
}
