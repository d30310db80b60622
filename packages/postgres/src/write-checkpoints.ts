import type { BlobRow, CheckpointBatch, CheckpointRow, Claim, WriteRow } from "@graphfleet/domain";
import { type Kysely, type RawBuilder, sql } from "kysely";

import { jsonbText, plainText } from "./json.js";
import type { Database } from "./schema.js";

/**
 * Writes a batch of checkpoints in one statement, whatever its size: the cost of a checkpointer is round trips.
 *
 * With a claim, every row is joined to a guard that finds the run only while it is ours, and locks it in share mode: a
 * reaper that wants to take the run away waits until these rows are there, and a worker that lost its run writes nothing.
 *
 * @returns false when the guard found nothing.
 */
export async function writeCheckpoints(
  db: Kysely<Database>,
  batch: CheckpointBatch,
  claim: Claim | null,
): Promise<boolean> {
  const { rows } = await statement(batch, claim).execute(db);
  return rows[0]?.held === true;
}

// The two texts differ, and a prepared statement is one text: each has its name.
const guarded = ({ runId, fence }: Claim): RawBuilder<unknown> => sql`/* write_checkpoints_of_run */
    with guard as (
      select ${runId}::uuid as run_id
      from runs r
      where r.run_id = ${runId}::uuid and r.fence = ${fence}::int and r.status = 'running'
      for share
    ),`;

const unguarded = sql`/* write_checkpoints */
    with guard as (select null::uuid as run_id),`;

function statement(batch: CheckpointBatch, claim: Claim | null): RawBuilder<{ held: boolean }> {
  const { threadId } = batch;
  const checkpoints = lastOfEach(batch.checkpoints, (row) => [row.ns, row.checkpointId]);
  const writes = lastOfEach(
    batch.writes.filter(({ replace }) => replace),
    (row) => [row.ns, row.checkpointId, row.taskId, row.idx],
  );
  const firstWrites = batch.writes.filter(({ replace }) => !replace);

  return sql<{ held: boolean }>`${claim === null ? unguarded : guarded(claim)}
    blobs as (
      insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
      select ${threadId}::text, b.ns, b.channel, b.version, b.type, b.blob
      from guard, ${blobRows(batch.blobs)}
      on conflict do nothing
    ),
    new_writes as (
      insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
      select ${threadId}::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
      from guard, ${writeRows(firstWrites)}
      on conflict do nothing
    ),
    replaced_writes as (
      insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, run_id)
      select ${threadId}::text, w.ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob, guard.run_id
      from guard, ${writeRows(writes)}
      on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
      do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob, run_id = excluded.run_id
    ),
    written as (
      insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
      select ${threadId}::text, c.ns, c.checkpoint_id, c.parent_id, c.checkpoint::jsonb, c.metadata::jsonb
      from guard, ${checkpointRows(checkpoints)}
      on conflict (thread_id, checkpoint_ns, checkpoint_id)
      do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
    )
    select exists (select from guard) as held`;
}

const blobRows = (rows: readonly BlobRow[]) => sql`unnest(
        ${rows.map((row) => row.ns)}::text[],
        ${rows.map((row) => plainText(row.channel))}::text[],
        ${rows.map((row) => row.version)}::text[],
        ${rows.map((row) => row.type)}::text[],
        ${rows.map((row) => row.bytes)}::bytea[]
      ) as b (ns, channel, version, type, blob)`;

const writeRows = (rows: readonly WriteRow[]) => sql`unnest(
        ${rows.map((row) => row.ns)}::text[],
        ${rows.map((row) => row.checkpointId)}::text[],
        ${rows.map((row) => row.taskId)}::text[],
        ${rows.map((row) => row.idx)}::int[],
        ${rows.map((row) => plainText(row.channel))}::text[],
        ${rows.map((row) => row.type)}::text[],
        ${rows.map((row) => row.bytes)}::bytea[]
      ) as w (ns, checkpoint_id, task_id, idx, channel, type, blob)`;

const checkpointRows = (rows: readonly CheckpointRow[]) => sql`unnest(
        ${rows.map((row) => row.ns)}::text[],
        ${rows.map((row) => row.checkpointId)}::text[],
        ${rows.map((row) => row.parentId)}::text[],
        ${rows.map((row) => jsonbText(row.checkpoint))}::text[],
        ${rows.map((row) => jsonbText(row.metadata))}::text[]
      ) as c (ns, checkpoint_id, parent_id, checkpoint, metadata)`;

/** One statement may not update a row twice. Of rows with the same key the last one counts. */
function lastOfEach<T>(rows: readonly T[], key: (row: T) => readonly unknown[]): readonly T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(key(row)), row])).values()];
}
