import type { ExpiredBatch, ExpiryBounds, ThreadId, TtlStrategy } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { forgetPast, trimPast } from "./forget-past.js";
import { removeThreads } from "./remove-threads.js";
import type { Database } from "./schema.js";
import { refreshedExpiry } from "./time.js";
import { inTransaction } from "./transaction.js";

interface ExpiredThread {
  readonly id: ThreadId;
  readonly strategy: TtlStrategy;
  /** Rows of checkpoints, not counted further than the bound. */
  readonly rows: number;
}

/**
 * One short transaction of expiry. It waits for nobody (threads that someone works on are skipped) and readers never wait
 * for it. Whoever wants to change one of its threads waits until the batch is done, so batches are bounded by what they
 * remove, not only by how many threads that is.
 */
export async function expireThreads(db: Kysely<Database>, bounds: ExpiryBounds): Promise<ExpiredBatch> {
  return inTransaction(db, async (tx) => {
    const locked = await lockExpired(tx, bounds.threads);
    const [first, ...others] = await measure(tx, locked, bounds.rows);
    if (first === undefined) return { deleted: [], kept: [], more: false };

    // The past of a large thread goes first, piece by piece; then what is left of it fits into one transaction.
    if (first.rows > bounds.rows && (await trimPast(tx, first.id, Math.ceil(bounds.rows / 4))) > 0)
      return { deleted: [], kept: [], more: true };

    const batch = [first];
    let rows = first.rows;
    for (const thread of others) {
      rows += thread.rows;
      if (rows > bounds.rows) break;
      batch.push(thread);
    }
    const having = (strategy: TtlStrategy) => batch.filter((one) => one.strategy === strategy).map(({ id }) => id);
    const deleted = having("delete");
    const kept = having("keep_latest");
    if (deleted.length > 0) await removeThreads(tx, deleted);
    if (kept.length > 0) {
      await forgetPast(tx, kept);
      await beginAgain(tx, kept);
    }
    return { deleted, kept, more: locked.length === bounds.threads || batch.length <= others.length };
  });
}

/** How many threads wait for a sweep. The number is only for people, so counting ends somewhere. */
export async function countExpiredThreads(db: Kysely<Database>, upTo: number): Promise<number> {
  const { rows } = await sql<{ readonly expired: number }>`
    select count(*) as expired from (
      select from threads t
      where t.expires_at <= statement_timestamp() and t.status <> 'busy'
      limit ${upTo + 1}
    ) as found`.execute(db);
  return rows[0]?.expired ?? 0;
}

/**
 * A run that is admitted meanwhile makes its thread busy and its time begin again, under the thread's lock; so a row that
 * we get is one that nobody has used.
 */
async function lockExpired(tx: Kysely<Database>, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly thread_id: string }>`
    select t.thread_id
    from threads t
    where t.expires_at <= statement_timestamp() and t.status <> 'busy'
    order by t.expires_at
    limit ${limit}
    for update skip locked`.execute(tx);
  return rows.map((row) => row.thread_id);
}

/** The locked threads, oldest first, without those that have runs in flight: their status may be wrong, the runs are not. */
async function measure(tx: Kysely<Database>, ids: readonly string[], bound: number): Promise<readonly ExpiredThread[]> {
  if (ids.length === 0) return [];
  const counted = (table: "checkpoints" | "checkpoint_blobs" | "checkpoint_writes") => sql`
    (select count(*) from (
      select from ${sql.table(table)} x where x.thread_id = t.thread_id::text limit ${bound + 1}
    ) as found)`;
  const { rows } = await sql<ExpiredThread>`
    select t.thread_id as id, coalesce(t.ttl_strategy, 'delete') as strategy,
      ${counted("checkpoints")} + ${counted("checkpoint_blobs")} + ${counted("checkpoint_writes")} as rows
    from threads t
    where t.thread_id = any(${ids}::uuid[])
      and not exists (select from runs r where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
    order by t.expires_at`.execute(tx);
  return rows;
}

/** Not a use of the thread, so it does not move up in lists. */
async function beginAgain(tx: Kysely<Database>, ids: readonly ThreadId[]): Promise<void> {
  await tx.updateTable("threads").set({ expires_at: refreshedExpiry }).where("thread_id", "in", ids).execute();
}
