import { type Kysely, sql } from "kysely";

import type { Database } from "./schema.js";

/** Removes a batch of items whose time is over, with their vectors. Items that someone is writing or reading are skipped. */
export async function removeExpiredItems(db: Kysely<Database>, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    with expired as (
      select e.namespace, e.key
      from store_items e
      where e.expires_at <= statement_timestamp()
      order by e.expires_at
      limit ${limit}
      for update skip locked
    )
    delete from store_items i using expired
    where i.namespace = expired.namespace and i.key = expired.key`.execute(db);
  return Number(numAffectedRows);
}

/** How many wait for a sweep. The number is only for people, so counting ends somewhere. */
export async function countExpiredItems(db: Kysely<Database>, upTo: number): Promise<number> {
  const { rows } = await sql<{ readonly expired: number }>`
    select count(*) as expired from (
      select from store_items i where i.expires_at <= statement_timestamp() limit ${upTo + 1}
    ) as found`.execute(db);
  return rows[0]?.expired ?? 0;
}
