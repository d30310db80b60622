import {
  type GraphError,
  type LastEnding,
  type Ring,
  type RunStatus,
  type ThreadId,
  type ThreadSnapshot,
  type ThreadStatus,
  threadStatus,
} from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonbText } from "./json.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { TAPE_BLOCK } from "./tape-block.js";
import { refreshedExpiry } from "./time.js";

/** Takes the thread's lock: first in the order of locks. Resolves for a thread that is gone, too. */
export async function lockThread(tx: Kysely<Database>, id: ThreadId): Promise<void> {
  await sql`/* lock_thread */ select from threads where thread_id = ${id}::uuid for update`.execute(tx);
}

/** How a run leaves its thread when no worker reports its end. */
export interface Leaving {
  /** The status when nothing else waits. */
  readonly status: ThreadStatus;
  readonly error: GraphError | null;
  /** Null keeps what is there. */
  readonly snapshot: ThreadSnapshot | null;
  /** Highest tape number used; null when nobody knows, as of a worker that died. */
  readonly lastSeq: number | null;
}

/**
 * Brings a thread up to date after one of its runs ended or vanished, and marks its next run as rung.
 * Call with the thread locked, in a statement after the one that took the run away.
 *
 * @returns the ring for the next run.
 */
export async function leaveThread(tx: Kysely<Database>, id: ThreadId, leaving: Leaving): Promise<Ring | null> {
  const { status, error, snapshot, lastSeq } = leaving;
  const { rows } = await sql<RingRow>`
    with inflight as (
      select i.run_id, i.seq, i.status, i.run_after
      from runs i
      where i.thread_id = ${id}::uuid and i.status in ('pending', 'running')
    ),
    next as (
      select n.run_id from inflight n
      where n.status = 'pending' and n.run_after <= statement_timestamp()
      order by n.seq
      limit 1
    ),
    thread as (
      update threads t
      set status = case when exists (select from inflight) then ${threadStatus(1, "none")}::text else ${status}::text end,
          resting_status = ${status}::text,
          error = ${error === null ? null : jsonbText(error)}::jsonb,
          "values" = case when ${snapshot === null}::boolean then t."values" else ${
            snapshot === null ? null : jsonbText(snapshot.values)
          }::jsonb end,
          interrupts = coalesce(${snapshot === null ? null : jsonbText(snapshot.interrupts)}::jsonb, t.interrupts),
          state_updated_at = case when ${snapshot === null}::boolean then t.state_updated_at else clock_timestamp() end,
          stream_seq = case when ${lastSeq === null}::boolean then t.stream_seq + ${sql.lit(TAPE_BLOCK)}
            else greatest(t.stream_seq, ${lastSeq}::bigint) end,
          expires_at = ${refreshedExpiry},
          updated_at = clock_timestamp()
      where t.thread_id = ${id}::uuid
    )
    update runs w set rung_at = clock_timestamp() from next
    where w.run_id = next.run_id
    returning w.run_id, w.thread_id, w.fence, w.priority`.execute(tx);
  return rows[0] === undefined ? null : toRing(rows[0]);
}

/**
 * What the thread's last run left behind that its checkpoints do not tell: a failure that nobody mended since, or that its
 * user cancelled it. Runs that were taken away before they started left nothing. Null when the checkpoints tell all.
 */
export async function endingBefore(
  tx: Kysely<Database>,
  id: ThreadId,
): Promise<{ readonly ending: LastEnding; readonly error: GraphError | null } | null> {
  const { rows } = await sql<{ readonly status: RunStatus; readonly error: GraphError | null }>`
    select r.status, t.error
    from runs r join threads t on t.thread_id = r.thread_id
    where r.thread_id = ${id}::uuid and r.status not in ('pending', 'running') and r.fence > 0
    order by r.ended_at desc nulls last, r.seq desc
    limit 1`.execute(tx);
  const [last] = rows;
  if (last === undefined) return null;
  if (last.status === "interrupted") return { ending: "cancelled", error: null };
  const failed = last.status === "error" || last.status === "timeout";
  return failed && last.error !== null ? { ending: "failed", error: last.error } : null;
}

/** The ring for the thread's oldest due run, which it marks as rung. */
export async function ringForNext(tx: Kysely<Database>, id: ThreadId): Promise<Ring | null> {
  const { rows } = await sql<RingRow>`
    update runs w set rung_at = clock_timestamp()
    where w.run_id = (
      select n.run_id from runs n
      where n.thread_id = ${id}::uuid and n.status = 'pending' and n.run_after <= clock_timestamp()
      order by n.seq
      limit 1
    )
    returning w.run_id, w.thread_id, w.fence, w.priority`.execute(tx);
  return rows[0] === undefined ? null : toRing(rows[0]);
}
