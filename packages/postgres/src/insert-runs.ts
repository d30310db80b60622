import type { NewRun } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonbText } from "./json.js";
import type { Database } from "./schema.js";

/** Many runs in one statement, whose text is the same however many they are. They are numbered in their order. */
export async function insertRuns(db: Kysely<Database>, runs: readonly NewRun[]): Promise<void> {
  await sql`/* insert_runs */
    insert into runs
      (run_id, thread_id, assistant_id, metadata, spec, auth, multitask_strategy, temporary, tape_from, priority, webhook,
       run_after)
    select n.run_id, n.thread_id, n.assistant_id, n.metadata, n.spec, n.auth, n.multitask_strategy, n.temporary,
      n.tape_from, n.priority, n.webhook, clock_timestamp() + make_interval(secs => n.after_seconds)
    from unnest(
      ${runs.map(({ id }) => id)}::uuid[],
      ${runs.map(({ threadId }) => threadId)}::uuid[],
      ${runs.map(({ assistantId }) => assistantId)}::uuid[],
      ${runs.map(({ metadata }) => jsonbText(metadata))}::jsonb[],
      ${runs.map(({ spec }) => JSON.stringify(spec))}::json[],
      ${runs.map(({ auth }) => JSON.stringify(auth))}::json[],
      ${runs.map(({ multitaskStrategy }) => multitaskStrategy)}::text[],
      ${runs.map(({ spec }) => spec.temporary)}::boolean[],
      ${runs.map(({ tapeFrom }) => tapeFrom)}::bigint[],
      ${runs.map(({ priority = 0 }) => priority)}::smallint[],
      ${runs.map(({ webhook }) => webhook)}::text[],
      ${runs.map(({ afterSeconds }) => Math.max(0, afterSeconds))}::float8[]
    ) with ordinality as n (run_id, thread_id, assistant_id, metadata, spec, auth, multitask_strategy, temporary,
      tape_from, priority, webhook, after_seconds, place)
    order by n.place`.execute(db);
}
