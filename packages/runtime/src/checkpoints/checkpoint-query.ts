import type { BlobRow, CheckpointRow, WriteRow } from "@graphfleet/domain";
import type pg from "pg";
import type { StoredCheckpoint } from "./checkpoint-memory.js";

/**
 * One checkpoint with its values and pending writes, as rows of three kinds. The checkpointer's own query returns
 * nested arrays of bytea, which cost more to take apart than the state is worth.
 */
const LOAD = `
with cp as (
  select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata
  from checkpoints
  where thread_id = $1 and checkpoint_ns = $2 and ($3::text is null or checkpoint_id = $3)
    and ($4::text is null or metadata ->> 'run_id' is distinct from $4)
  order by checkpoint_id desc
  limit 1
)
select 'checkpoint' as kind, checkpoint_id as name, parent_checkpoint_id as detail, 0 as idx,
  checkpoint::text as type, metadata::text as extra, null::bytea as bytes
from cp
union all
select 'value', bl.channel, bl.version, 0, bl.type, null, bl.blob
from cp
cross join lateral jsonb_each_text(cp.checkpoint -> 'channel_versions') as v
join checkpoint_blobs bl
  on bl.thread_id = cp.thread_id and bl.checkpoint_ns = cp.checkpoint_ns and bl.channel = v.key and bl.version = v.value
union all
select 'write', cw.task_id, cw.channel, cw.idx, cw.type, null, cw.blob
from cp
join checkpoint_writes cw
  on cw.thread_id = cp.thread_id and cw.checkpoint_ns = cp.checkpoint_ns and cw.checkpoint_id = cp.checkpoint_id
  and ($4::text is null or cw.run_id::text is distinct from $4)`;

interface LoadRow {
  readonly kind: "checkpoint" | "value" | "write";
  readonly name: string;
  readonly detail: string | null;
  readonly idx: number;
  readonly type: string | null;
  readonly extra: string | null;
  readonly bytes: Buffer | null;
}

/** A checkpoint, or the newest of its namespace when no id is given. */
export function loadCheckpoint(
  pool: pg.Pool,
  threadId: string,
  ns: string,
  checkpointId: string | null,
): Promise<StoredCheckpoint | null> {
  return load(pool, [threadId, ns, checkpointId, null]);
}

/** The newest checkpoint of the graph itself, as it would be if the run had written nothing. */
export function loadHeadWithout(pool: pg.Pool, threadId: string, runId: string): Promise<StoredCheckpoint | null> {
  return load(pool, [threadId, "", null, runId]);
}

async function load(
  pool: pg.Pool,
  values: readonly [threadId: string, ns: string, checkpointId: string | null, withoutRun: string | null],
): Promise<StoredCheckpoint | null> {
  const ns = values[1];
  const { rows } = await pool.query<LoadRow>({ name: "runtime-load-checkpoint", text: LOAD, values: [...values] });
  const header = rows.find((row) => row.kind === "checkpoint");
  if (!header) return null;

  const blobs = new Map<string, BlobRow>();
  const writes = new Map<string, WriteRow>();
  for (const row of rows) {
    if (row.kind === "value") blobs.set(row.name, toBlob(row, ns));
    if (row.kind === "write") writes.set(`${row.name}\n${row.idx}`, toWrite(row, ns, header.name));
  }
  return { row: toCheckpoint(header, ns), values: blobs, writes };
}

const toCheckpoint = (row: LoadRow, ns: string): CheckpointRow => ({
  ns,
  checkpointId: row.name,
  parentId: row.detail,
  checkpoint: JSON.parse(row.type ?? "{}") as CheckpointRow["checkpoint"],
  metadata: JSON.parse(row.extra ?? "{}") as CheckpointRow["metadata"],
});

const toBlob = (row: LoadRow, ns: string): BlobRow => ({
  ns,
  channel: row.name,
  version: row.detail ?? "",
  type: row.type ?? "empty",
  bytes: row.bytes,
});

const toWrite = (row: LoadRow, ns: string, checkpointId: string): WriteRow => ({
  ns,
  checkpointId,
  taskId: row.name,
  idx: row.idx,
  channel: row.detail ?? "",
  type: row.type ?? "json",
  bytes: row.bytes ?? new Uint8Array(),
  replace: false,
});
