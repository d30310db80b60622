import type { ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.js";

/**
 * Removes all but the newest checkpoint of each namespace, with their writes, and the values that only they referred to.
 * What stays has no parent any more. All in one statement, so each part sees the threads as they were before. Call with the
 * threads locked and at rest.
 */
export async function forgetPast(db: Kysely<Database>, ids: readonly ThreadId[]): Promise<void> {
  await sql`
    with latest as (
      select distinct on (c.thread_id, c.checkpoint_ns) c.thread_id, c.checkpoint_ns, c.checkpoint_id, c.checkpoint
      from checkpoints c
      where c.thread_id = any(${ids}::text[])
      order by c.thread_id, c.checkpoint_ns, c.checkpoint_id desc
    ),
    needed as (
      select l.thread_id, l.checkpoint_ns, v.key as channel, v.value as version
      from latest l cross join lateral jsonb_each_text(l.checkpoint -> 'channel_versions') as v
    ),
    no_writes as (
      delete from checkpoint_writes w
      where w.thread_id = any(${ids}::text[])
        and (w.thread_id, w.checkpoint_ns, w.checkpoint_id) not in (
          select l.thread_id, l.checkpoint_ns, l.checkpoint_id from latest l
        )
    ),
    no_blobs as (
      delete from checkpoint_blobs b
      where b.thread_id = any(${ids}::text[])
        and (b.thread_id, b.checkpoint_ns, b.channel, b.version) not in (
          select n.thread_id, n.checkpoint_ns, n.channel, n.version from needed n
        )
    ),
    no_parents as (
      update checkpoints c set parent_checkpoint_id = null
      from latest l
      where c.thread_id = l.thread_id and c.checkpoint_ns = l.checkpoint_ns and c.checkpoint_id = l.checkpoint_id
        and c.parent_checkpoint_id is not null
    )
    delete from checkpoints c
    where c.thread_id = any(${ids}::text[])
      and (c.thread_id, c.checkpoint_ns, c.checkpoint_id) not in (
        select l.thread_id, l.checkpoint_ns, l.checkpoint_id from latest l
      )`.execute(db);
}

/**
 * Removes a piece of the past: the oldest checkpoints that are not the newest of their namespace, or, when none is left,
 * values that nobody refers to. What stays is a thread with a shorter history. Call with the thread locked and at rest.
 *
 * @returns how many checkpoints or values went, not counting writes; 0 when `forgetPast` has little left to do.
 */
export async function trimPast(db: Kysely<Database>, id: ThreadId, limit: number): Promise<number> {
  const { rows } = await sql<{ readonly checkpoints: number; readonly blobs: number }>`
    with latest as (
      select c.checkpoint_ns, max(c.checkpoint_id) as checkpoint_id
      from checkpoints c
      where c.thread_id = ${id}::text
      group by c.checkpoint_ns
    ),
    old as (
      select c.checkpoint_ns, c.checkpoint_id
      from checkpoints c join latest l on l.checkpoint_ns = c.checkpoint_ns and l.checkpoint_id <> c.checkpoint_id
      where c.thread_id = ${id}::text
      order by c.checkpoint_id
      limit ${limit}
    ),
    no_writes as (
      delete from checkpoint_writes w using old
      where w.thread_id = ${id}::text and w.checkpoint_ns = old.checkpoint_ns and w.checkpoint_id = old.checkpoint_id
    ),
    no_checkpoints as (
      delete from checkpoints c using old
      where c.thread_id = ${id}::text and c.checkpoint_ns = old.checkpoint_ns and c.checkpoint_id = old.checkpoint_id
      returning 1
    ),
    needed as (
      select l.checkpoint_ns, v.key as channel, v.value as version
      from latest l
      join checkpoints c on c.thread_id = ${id}::text
        and c.checkpoint_ns = l.checkpoint_ns and c.checkpoint_id = l.checkpoint_id
      cross join lateral jsonb_each_text(c.checkpoint -> 'channel_versions') as v
      -- While there are older checkpoints, their values are needed too.
      where not exists (select from old)
    ),
    unneeded as (
      select b.ctid as place
      from checkpoint_blobs b
      where b.thread_id = ${id}::text and not exists (select from old)
        and (b.checkpoint_ns, b.channel, b.version) not in (
          select n.checkpoint_ns, n.channel, n.version from needed n
        )
      limit ${limit}
    ),
    no_blobs as (
      delete from checkpoint_blobs b using unneeded where b.ctid = unneeded.place returning 1
    )
    select (select count(*) from no_checkpoints) as checkpoints, (select count(*) from no_blobs) as blobs`.execute(db);
  return (rows[0]?.checkpoints ?? 0) + (rows[0]?.blobs ?? 0);
}
