import type { CheckpointBatch, CheckpointRepository, Claim, JsonObject, ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonb } from "./json.js";
import { removeCheckpoints } from "./remove-threads.js";
import type { Database } from "./schema.js";
import { writeCheckpoints } from "./write-checkpoints.js";

/** The checkpointer's tables, as far as the ledger writes and removes them. LangGraph's own code reads them. */
export class PostgresCheckpointRepository implements CheckpointRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async write(batch: CheckpointBatch, claim: Claim | null): Promise<boolean> {
    return writeCheckpoints(this.#db, batch, claim);
  }

  async head(threadId: ThreadId, ns: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom("checkpoints")
      .select("checkpoint_id")
      .where("thread_id", "=", threadId)
      .where("checkpoint_ns", "=", ns)
      .orderBy("checkpoint_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row?.checkpoint_id ?? null;
  }

  async label(threadId: ThreadId, metadata: JsonObject): Promise<boolean> {
    const { numAffectedRows = 0n } = await sql`
      update checkpoints c
      set metadata = c.metadata || ${jsonb(metadata)}
      where c.thread_id = ${threadId}::text and c.checkpoint_ns = ''
        and c.checkpoint_id = (
          select max(h.checkpoint_id) from checkpoints h
          where h.thread_id = ${threadId}::text and h.checkpoint_ns = ''
        )`.execute(this.#db);
    return numAffectedRows > 0n;
  }

  async keepLatest(threadId: ThreadId): Promise<void> {
    await keepLatestCheckpoints(this.#db, threadId);
  }

  async deleteRun(threadId: ThreadId, runId: string): Promise<void> {
    await deleteCheckpointsOfRun(this.#db, threadId, runId);
  }

  async deleteThread(threadId: ThreadId): Promise<void> {
    await removeCheckpoints(this.#db, threadId);
  }
}

/**
 * Removes what a run wrote: its checkpoints with everything on them, and what it left on checkpoints of earlier runs,
 * such as the answer to an interrupt. Channel values are shared between checkpoints by version and stay; versions are
 * never used twice, so what nobody refers to is never read. Call with the thread locked.
 */
export async function deleteCheckpointsOfRun(db: Kysely<Database>, threadId: ThreadId, runId: string): Promise<void> {
  await sql`
    with gone as (
      delete from checkpoints c
      where c.thread_id = ${threadId}::text and c.metadata ->> 'run_id' = ${runId}::text
      returning c.checkpoint_ns, c.checkpoint_id
    )
    delete from checkpoint_writes w
    where w.thread_id = ${threadId}::text
      and (w.run_id = ${runId}::uuid
        or (w.checkpoint_ns, w.checkpoint_id) in (select gone.checkpoint_ns, gone.checkpoint_id from gone))`.execute(
    db,
  );
}

/**
 * Removes all but the newest checkpoint of each namespace, with their writes, and the values that only they referred to.
 * What stays has no parent any more. All in one statement, so each part sees the thread as it was before.
 */
async function keepLatestCheckpoints(db: Kysely<Database>, threadId: ThreadId): Promise<void> {
  await sql`
    with latest as (
      select distinct on (c.checkpoint_ns) c.checkpoint_ns, c.checkpoint_id, c.checkpoint
      from checkpoints c
      where c.thread_id = ${threadId}::text
      order by c.checkpoint_ns, c.checkpoint_id desc
    ),
    no_writes as (
      delete from checkpoint_writes w
      where w.thread_id = ${threadId}::text
        and (w.checkpoint_ns, w.checkpoint_id) not in (select l.checkpoint_ns, l.checkpoint_id from latest l)
    ),
    no_blobs as (
      delete from checkpoint_blobs b
      where b.thread_id = ${threadId}::text
        and (b.checkpoint_ns, b.channel, b.version) not in (
          select l.checkpoint_ns, v.key, v.value
          from latest l cross join lateral jsonb_each_text(l.checkpoint -> 'channel_versions') as v
        )
    ),
    no_parents as (
      update checkpoints c set parent_checkpoint_id = null
      from latest l
      where c.thread_id = ${threadId}::text
        and c.checkpoint_ns = l.checkpoint_ns and c.checkpoint_id = l.checkpoint_id
    )
    delete from checkpoints c
    where c.thread_id = ${threadId}::text
      and (c.checkpoint_ns, c.checkpoint_id) not in (select l.checkpoint_ns, l.checkpoint_id from latest l)`.execute(
    db,
  );
}
