import type {
  CheckpointBatch,
  CheckpointRepository,
  Claim,
  JsonObject,
  OrphanPage,
  ThreadId,
} from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { forgetPast } from "./forget-past.js";
import { jsonb } from "./json.js";
import { removeOrphans } from "./remove-orphans.js";
import { removeCheckpoints } from "./remove-threads.js";
import type { Database } from "./schema.js";
import { writeCheckpoints } from "./write-checkpoints.js";

const TABLES = ["checkpoints", "checkpoint_blobs", "checkpoint_writes"];

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
    await forgetPast(this.#db, [threadId]);
  }

  async deleteRun(threadId: ThreadId, runId: string): Promise<void> {
    await deleteCheckpointsOfRun(this.#db, threadId, runId);
  }

  async deleteThread(threadId: ThreadId): Promise<void> {
    await removeCheckpoints(this.#db, threadId);
  }

  async removeOrphans(after: string, limit: number): Promise<OrphanPage> {
    return removeOrphans(this.#db, after, limit);
  }

  async bytes(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await sql<{ readonly name: string; readonly bytes: number }>`
      select name, pg_total_relation_size(name::regclass) as bytes
      from unnest(${TABLES}::text[]) as name`.execute(this.#db);
    return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
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
