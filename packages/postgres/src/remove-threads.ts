import type { ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.js";

/**
 * Removes threads with all they have. Call with the threads locked, in a transaction.
 *
 * The runs go first, in a statement of their own: a worker writes checkpoints only while it holds a lock on its run's
 * row, so once the rows are gone nothing new can appear behind the second statement's back.
 */
export async function removeThreads(tx: Kysely<Database>, ids: readonly ThreadId[]): Promise<void> {
  await tx.deleteFrom("runs").where("thread_id", "in", ids).execute();
  await sql`
    with doomed as (select unnest(${ids}::uuid[]) as thread_id),
    no_crons as (delete from crons c using doomed d where c.thread_id = d.thread_id),
    ${removedCheckpoints}
    delete from threads t using doomed d where t.thread_id = d.thread_id
  `.execute(tx);
}

/** Removes all checkpoints of a thread, wherever it is itself. Call with the thread locked. */
export async function removeCheckpoints(db: Kysely<Database>, id: ThreadId): Promise<void> {
  await sql`
    with doomed as (select ${id}::uuid as thread_id),
    ${removedCheckpoints}
    select
  `.execute(db);
}

const removedCheckpoints = sql`
    no_writes as (delete from checkpoint_writes w using doomed d where w.thread_id = d.thread_id::text),
    no_blobs as (delete from checkpoint_blobs b using doomed d where b.thread_id = d.thread_id::text),
    no_checkpoints as (delete from checkpoints c using doomed d where c.thread_id = d.thread_id::text)`;
