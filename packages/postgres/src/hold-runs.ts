import type { Claim, Lease, Renewal, RunId, Settled } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { presentSession } from "./lease-sessions.js";
import { type RingRow, toRing } from "./run-rows.js";
import type { Database } from "./schema.js";
import { fromNow } from "./time.js";

/** Runs in the hands of a worker: keeping them, and putting them back. Both touch run rows only. */

interface RenewalRow {
  readonly run_id: string;
  readonly fence: number;
  readonly cancel_action: Renewal["cancelAction"];
}

/**
 * Renews the leases of all claims in one statement, and tells of cancels. Rows are locked by id, as a cancel locks them,
 * so that the two wait for each other instead of deadlocking.
 */
export async function renewRuns(
  db: Kysely<Database>,
  claims: readonly (Claim & { readonly lastEvent: number })[],
  lease: Lease,
): Promise<readonly Renewal[]> {
  if (claims.length === 0) return [];
  const { rows } = await sql<RenewalRow>`/* renew_runs */
    with claims as (
      select * from unnest(
        ${claims.map(({ runId }) => runId)}::uuid[],
        ${claims.map(({ fence }) => fence)}::int[],
        ${claims.map(({ lastEvent }) => lastEvent)}::bigint[]
      ) as c (run_id, fence, last_event)
    ),
    held as (
      select h.run_id, h.fence, c.last_event
      from runs h join claims c on c.run_id = h.run_id and c.fence = h.fence
      where h.status = 'running'
      order by h.run_id
      for no key update of h
    )
    update runs r
    set lease_expires_at = ${fromNow(lease.seconds)},
        lease_owner = ${lease.owner}::text,${presentSession},
        last_event = greatest(r.last_event, held.last_event)
    from held
    where r.run_id = held.run_id and r.fence = held.fence and r.status = 'running'
    returning r.run_id, r.fence, r.cancel_action`.execute(db);
  return rows.map((row) => ({ runId: row.run_id as RunId, fence: row.fence, cancelAction: row.cancel_action }));
}

/** Puts a run back in line, rung for at once. The thread stays busy, so only the run's row is touched. */
export async function giveBackRun(
  db: Kysely<Database>,
  { runId, fence }: Claim,
  { spent, lastEvent }: { readonly spent: boolean; readonly lastEvent: number },
): Promise<Settled> {
  const { rows } = await sql<RingRow>`
    update runs r
    set status = 'pending',
        attempt = r.attempt - ${spent ? 0 : 1}::int,
        lease_owner = null,
        lease_expires_at = null,
        lease_backend = null,
        last_event = greatest(r.last_event, ${lastEvent}::bigint),
        rung_at = clock_timestamp(),
        updated_at = clock_timestamp()
    where r.run_id = ${runId}::uuid and r.fence = ${fence}::int and r.status = 'running'
    returning r.run_id, r.thread_id, r.fence, r.priority`.execute(db);
  return rows[0] === undefined ? { kind: "stale" } : { kind: "settled", next: toRing(rows[0]) };
}
