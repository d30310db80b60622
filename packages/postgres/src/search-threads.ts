import type {
  FoundThread,
  Json,
  Page,
  Scope,
  ThreadExtract,
  ThreadField,
  ThreadFilter,
  ThreadQuery,
} from "@graphfleet/domain";
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";

import { plainText } from "./json.js";
import { all, contains, inScope, orTrue } from "./metadata-filter.js";
import { pageOf } from "./page.js";
import type { Database } from "./schema.js";
import { THREAD_COLUMNS, type ThreadColumn, toPartialThread } from "./thread-rows.js";

const METADATA = sql.ref("metadata");

/** Matches are counted up to this many: more of them cost more to count than the number is worth on a page. */
export const COUNTED_MATCHES = 1000;
/** For a filter on values: each candidate's values have to be fetched and looked into. */
const COUNTED_BY_VALUES = 100;

/** The threads that a filter wants and a scope allows. Temporary ones are on no list. */
export const matchingThreads = (filter: ThreadFilter, scope: Scope): Expression<SqlBool> =>
  orTrue(
    all([
      sql<boolean>`not temporary`,
      inScope(METADATA, scope),
      contains(METADATA, filter.metadata),
      contains(sql.ref("values"), filter.values),
      filter.status === undefined ? null : sql<boolean>`status = ${filter.status}`,
      filter.ids === undefined ? null : sql<boolean>`thread_id = any(${filter.ids}::uuid[])`,
    ]),
  );

/** One page, without the columns that were not asked for. */
export async function searchThreads(
  db: Kysely<Database>,
  query: ThreadQuery,
  scope: Scope,
): Promise<Page<FoundThread>> {
  const { extract = [] } = query;
  const rows = await db
    .selectFrom("threads")
    .select(columnsFor(query.select))
    .$if(extract.length > 0, (search) => search.select(partsOf(extract).as("parts")))
    .where(matchingThreads(query, scope))
    .orderBy(orderOf(query.sort))
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  const items = rows.map(({ parts, ...row }) => ({ ...toPartialThread(row), ...extractedOf(extract, parts) }));
  return pageOf(items, query, () => countMatches(db, query, scope));
}

/** Exact up to a bound that lies behind the page, and one more than the bound when there are more. */
async function countMatches(db: Kysely<Database>, query: ThreadQuery, scope: Scope): Promise<number> {
  const counted = query.values === undefined ? COUNTED_MATCHES : COUNTED_BY_VALUES;
  const bound = Math.max(counted, query.offset + query.limit) + 1;
  const { total } = await db
    .selectFrom((inner) =>
      inner
        .selectFrom("threads")
        .select(sql.lit(1).as("one"))
        .where(matchingThreads(query, scope))
        .limit(bound)
        .as("matches"),
    )
    .select((eb) => eb.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return total;
}

/**
 * The columns of what was asked for. Large ones stay on disk unless somebody wants them. An error counts only as long as
 * the status says so.
 */
function columnsFor(fields: readonly ThreadField[] | undefined): readonly ThreadColumn[] {
  if (fields === undefined) return THREAD_COLUMNS;
  const wanted: readonly string[] = fields.includes("error") ? [...fields, "status"] : fields;
  const columns = THREAD_COLUMNS.filter((column) => wanted.includes(column));
  return columns.length > 0 ? columns : ["thread_id"];
}

/**
 * Each order is an index read in one direction or the other. Threads that never had a state count as the oldest.
 */
function orderOf({ by, order }: ThreadQuery["sort"]): RawBuilder<unknown> {
  const direction = sql.raw(order);
  switch (by) {
    case "thread_id":
      return sql`thread_id ${direction}`;
    case "status":
      return sql`status ${direction}, created_at ${direction}, thread_id ${direction}`;
    case "state_updated_at":
      return sql`state_updated_at ${direction} nulls ${sql.raw(order === "asc" ? "first" : "last")}, thread_id ${direction}`;
    case "created_at":
    case "updated_at":
      return sql`${sql.ref(by)} ${direction}, thread_id ${direction}`;
  }
}

/** What was asked for in a list, in order; missing parts are null. */
const partsOf = (extract: readonly ThreadExtract[]) =>
  sql<readonly Json[]>`jsonb_build_array(${sql.join(
    extract.map(({ field, path }) => sql`${asJson(field)} #> ${path.map(plainText)}::text[]`),
  )})`;

/** A field of a thread as JSON, times as clients see them. */
function asJson(field: ThreadField): RawBuilder<unknown> {
  switch (field) {
    case "created_at":
    case "updated_at":
    case "state_updated_at":
      return sql`to_jsonb(to_char(${sql.ref(field)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
    case "thread_id":
    case "status":
      return sql`to_jsonb(${sql.ref(field)})`;
    case "metadata":
    case "config":
    case "context":
    case "values":
    case "interrupts":
    case "error":
      return sql.ref(field);
  }
}

const extractedOf = (
  extract: readonly ThreadExtract[],
  parts: readonly Json[] | undefined,
): Pick<FoundThread, "extracted"> =>
  parts === undefined
    ? {}
    : { extracted: Object.fromEntries(extract.map(({ alias }, index) => [alias, parts[index] ?? null])) };
