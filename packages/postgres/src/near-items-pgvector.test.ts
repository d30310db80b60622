import { sql } from "kysely";

import { nearItemsByPgvector } from "./near-items-pgvector.js";
import { recorder } from "./snapshot/recorder.js";

test("lets the database compare, and looks at the length before the cast", async () => {
  const { db, statements } = recorder();
  await nearItemsByPgvector.find(db, {
    among: sql`key = ${"k"}`,
    near: Float32Array.of(1, 0),
    limit: 5,
    offset: 1,
  });

  expect(statements.join(";").replaceAll(/\s+/g, " ").trim()).toBe(
    "select item.namespace, item.key, item.value, item.created_at, item.updated_at, item.ttl_minutes, nearest.score" +
      " from (select * from store_items where key = $1) as item" +
      " left join lateral (" +
      " select max( case when cardinality(v.embedding) = $2::int" +
      " then coalesce(nullif(1 - (v.embedding::vector <=> $3::text::vector), 'NaN'), 0) end ) as score" +
      " from store_vectors as v" +
      " where v.namespace = item.namespace and v.key = item.key and v.item_updated_at = item.updated_at" +
      " ) as nearest on true" +
      " order by nearest.score desc nulls last, item.created_at desc, item.namespace, item.key" +
      " limit $4::int offset $5::int",
  );
});
