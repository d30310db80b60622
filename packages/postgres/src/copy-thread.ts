import type { NewThread, Scope, Thread, ThreadId, TtlWish } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonb } from "./json.js";
import { inScope, orTrue } from "./metadata-filter.js";
import type { Database } from "./schema.js";
import { THREAD_COLUMN_LIST, type ThreadRow, toThread } from "./thread-rows.js";

/**
 * Copies a thread with all its checkpoints, in one statement: it sees one moment, and a worker writes each of its batches
 * whole, so what is copied fits together even while a run goes on. Checkpoints keep their ids; their metadata names the
 * new thread.
 */
export async function copyThread(
  db: Kysely<Database>,
  from: ThreadId,
  to: Pick<NewThread, "id" | "metadata"> & { readonly ttl: TtlWish | undefined },
  scope: Scope,
): Promise<Thread | null> {
  const minutes = to.ttl?.minutes ?? null;
  const { rows } = await sql<ThreadRow>`
    with copy as (
      insert into threads (thread_id, status, metadata, config, context, "values", interrupts, state_updated_at,
        ttl_minutes, ttl_strategy, expires_at)
      select ${to.id}::uuid, case s.status when 'interrupted' then 'interrupted' else 'idle' end,
        ${jsonb(to.metadata)}, s.config, s.context, s."values", s.interrupts, s.state_updated_at,
        ${minutes}::float8, ${to.ttl?.strategy ?? null}::text,
        clock_timestamp() + make_interval(secs => ${minutes}::float8 * 60)
      from threads s
      where s.thread_id = ${from}::uuid and not s.temporary and ${orTrue(inScope(sql.ref("s.metadata"), scope))}
      on conflict (thread_id) do nothing
      returning ${THREAD_COLUMN_LIST}
    ),
    copied_blobs as (
      insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
      select copy.thread_id::text, b.checkpoint_ns, b.channel, b.version, b.type, b.blob
      from copy, checkpoint_blobs b
      where b.thread_id = ${from}::text
    ),
    copied_writes as (
      insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
      select copy.thread_id::text, w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx, w.channel, w.type, w.blob
      from copy, checkpoint_writes w
      where w.thread_id = ${from}::text
    ),
    copied_checkpoints as (
      insert into checkpoints
        (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
      select copy.thread_id::text, c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, c.type, c.checkpoint,
        case when c.metadata ? 'thread_id'
          then c.metadata || jsonb_build_object('thread_id', copy.thread_id::text)
          else c.metadata
        end
      from copy, checkpoints c
      where c.thread_id = ${from}::text
    )
    select * from copy`.execute(db);
  return rows[0] === undefined ? null : toThread(rows[0]);
}
