import type { Ring, RunCounts, ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { removeThreads } from "./remove-threads.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { ago } from "./time.js";
import { inTransaction } from "./transaction.js";

/*
 * What the scheduler does to runs when something went wrong elsewhere; what it does when that was their worker is in
 * reap-runs.ts. Each sweep takes a bounded batch and skips rows that somebody else works on, so any number of schedulers
 * may sweep at once and none needs to be the leader.
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
