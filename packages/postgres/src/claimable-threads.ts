import type { ClaimableFirst, OnlyRuns, ThreadId } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { among } from "./only-runs.js";
import type { Database } from "./schema.js";
import { ago } from "./time.js";

const FIRST: Readonly<Record<ClaimableFirst, { readonly name: string; readonly order: string }>> = {
  urgent: { name: "claimable_by_urgency", order: "c.priority, c.run_after" },
  oldest: { name: "claimable_by_age", order: "c.run_after" },
};

export interface Look {
  readonly dueSeconds: number;
  readonly limit: number;
  readonly first: ClaimableFirst;
  readonly only: OnlyRuns | undefined;
}

/**
 * Threads whose oldest due run nobody executes. Only the due runs are read, by their index, so a look costs nothing when
 * there are none.
 */
export async function claimableThreads(
  db: Kysely<Database>,
  { dueSeconds, limit, first, only }: Look,
): Promise<readonly ThreadId[]> {
  // Two texts, and a prepared statement is one text: each has its name.
  const { name, order } = FIRST[first];
  const { rows } = await sql<{ thread_id: string }>`/* ${sql.raw(name)} */
    select c.thread_id
    from runs c
    where c.status = 'pending'
      and c.run_after <= ${ago(dueSeconds)}
      and ${among("c", only)}
      and not exists (
        select from runs before
        where before.thread_id = c.thread_id
          and (before.status = 'running'
            or before.status = 'pending' and before.seq < c.seq and before.run_after <= statement_timestamp())
      )
    order by ${sql.raw(order)}
    limit ${limit}`.execute(db);
  return rows.map((row) => row.thread_id as ThreadId);
}
