import type { OrphanPage } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.js";

/**
 * One page of a walk over all threads that have checkpoints, values or writes. It jumps from one thread to the next in the
 * indexes, so it costs threads, not rows.
 *
 * The tables may be shared with programs that use LangGraph's own saver. Only what bears the mark of a run of ours is
 * removed, and values whose checkpoints are gone, which nobody can read.
 */
export async function removeOrphans(db: Kysely<Database>, after: string, limit: number): Promise<OrphanPage> {
  const { rows } = await sql<{ readonly seen: number; readonly last: string | null; readonly orphans: string[] }>`
    with recursive walk as (
      select ${nextThread(sql`${after}::text`)} as thread_id, 1 as n
      union all
      select ${nextThread(sql`w.thread_id`)}, w.n + 1 from walk w where w.thread_id is not null and w.n < ${limit}
    )
    select count(w.thread_id) as seen, max(w.thread_id) as last,
      coalesce(array_agg(w.thread_id) filter (where w.id is not null and t.thread_id is null), '{}') as orphans
    from (
      -- Ids of another shape are not ours.
      select thread_id, case when thread_id ~ ${UUID} then thread_id::uuid end as id from walk
    ) as w
    left join threads t on t.thread_id = w.id`.execute(db);
  const [page] = rows;
  if (page === undefined) return { removed: 0, next: null };
  const removed = page.orphans.length === 0 ? 0 : await remove(db, page.orphans);
  return { removed, next: page.seen < limit ? null : page.last };
}

const UUID = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$";

const nextThread = (after: ReturnType<typeof sql>) => sql`least(
        (select min(c.thread_id) from checkpoints c where c.thread_id > ${after}),
        (select min(b.thread_id) from checkpoint_blobs b where b.thread_id > ${after}),
        (select min(x.thread_id) from checkpoint_writes x where x.thread_id > ${after})
      )`;

/** Looks again whether the thread is there: a thread and its first checkpoints become visible together. */
async function remove(db: Kysely<Database>, ids: readonly string[]): Promise<number> {
  const { rows } = await sql<{ readonly removed: number }>`
    with doomed as (
      select o.thread_id
      from unnest(${ids}::text[]) as o (thread_id)
      where not exists (select from threads t where t.thread_id = o.thread_id::uuid)
        and (
          exists (select from checkpoints c where c.thread_id = o.thread_id and c.metadata ? 'run_id')
          or exists (select from checkpoint_writes w where w.thread_id = o.thread_id and w.run_id is not null)
          or not exists (select from checkpoints c where c.thread_id = o.thread_id)
        )
    ),
    no_writes as (delete from checkpoint_writes w using doomed d where w.thread_id = d.thread_id returning 1),
    no_blobs as (delete from checkpoint_blobs b using doomed d where b.thread_id = d.thread_id returning 1),
    no_checkpoints as (delete from checkpoints c using doomed d where c.thread_id = d.thread_id returning 1)
    select (select count(*) from no_writes) + (select count(*) from no_blobs) + (select count(*) from no_checkpoints)
      as removed`.execute(db);
  return rows[0]?.removed ?? 0;
}
