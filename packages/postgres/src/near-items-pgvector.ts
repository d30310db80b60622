import { type Kysely, sql } from "kysely";

import type { NearItemRow, NearItems, NearItemsQuery } from "./near-items.js";
import type { Database } from "./schema.js";

/**
 * Nearness by the pgvector extension: the database compares, and only the page that is wanted travels.
 *
 * Every item in question is compared, without an approximate index: those forget results when a filter or a namespace
 * narrows the search. The length is looked at before the cast, since vectors of different lengths cannot be compared; a
 * vector of zeros points nowhere, which is NaN to pgvector and 0 to us.
 */
export const nearItemsByPgvector: NearItems = {
  nearness: "pgvector",

  async find(db: Kysely<Database>, { among, near, limit, offset }: NearItemsQuery): Promise<readonly NearItemRow[]> {
    const wanted = sql`${`[${near.join(",")}]`}::text::vector`;
    const { rows } = await sql<NearItemRow>`
      select item.namespace, item.key, item.value, item.created_at, item.updated_at, item.ttl_minutes, nearest.score
      from (select * from store_items where ${among}) as item
      left join lateral (
        select max(
          case when cardinality(v.embedding) = ${near.length}::int
            then coalesce(nullif(1 - (v.embedding::vector <=> ${wanted}), 'NaN'), 0)
          end
        ) as score
        from store_vectors as v
        where v.namespace = item.namespace and v.key = item.key and v.item_updated_at = item.updated_at
      ) as nearest on true
      order by nearest.score desc nulls last, item.created_at desc, item.namespace, item.key
      limit ${limit}::int offset ${offset}::int`.execute(db);
    return rows;
  },
};
