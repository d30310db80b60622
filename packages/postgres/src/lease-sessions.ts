import { type Kysely, sql } from "kysely";

import { BACKEND_SETTING } from "./ledger-client.js";
import type { Database } from "./schema.js";
import { fromNow } from "./time.js";

/*
 * A process that dies takes its connections along, and the server knows within milliseconds. So a lease remembers the
 * session that it was renewed through, and when that session is gone, the lease does not last much longer. A worker that
 * lives has a new session before that and renews; see docs/adr/0006.
 */

/** How long a lease lasts whose session ended: more than a worker needs to connect again and renew. */
const ORPHANED_SECONDS = 3;

/** The present session, for a row of runs: none where a pooler stands in between, whose sessions tell nothing of workers. */
export const presentSession = sql`
          lease_backend = nullif(current_setting('${sql.raw(BACKEND_SETTING)}', true), '')::int,
          lease_server = pg_postmaster_start_time()`;

/**
 * Lets the leases run out whose session is gone. A session of another server, or of this one before it was restarted,
 * says nothing: after an outage the leases alone decide until they were renewed.
 *
 * A lease may be renewed at the same time through a session that began after we looked. So what was seen is compared once
 * more, under the row's lock.
 */
export async function shortenOrphanedLeases(db: Kysely<Database>): Promise<void> {
  await sql`/* shorten_orphaned_leases */
    with orphaned as materialized (
      select o.run_id, o.fence, o.lease_backend
      from runs o
      where o.status = 'running'
        and o.lease_server = pg_postmaster_start_time()
        and o.lease_expires_at > ${fromNow(ORPHANED_SECONDS)}
        and not exists (select from pg_stat_activity a where a.pid = o.lease_backend)
        and o.lease_backend is not null
    ),
    locked as (
      select l.run_id
      from runs l join orphaned o on o.run_id = l.run_id
      where l.status = 'running' and l.fence = o.fence and l.lease_backend = o.lease_backend
      order by l.run_id
      for no key update of l skip locked
    )
    update runs r set lease_backend = null, lease_expires_at = ${fromNow(ORPHANED_SECONDS)}
    from locked where r.run_id = locked.run_id`.execute(db);
}
