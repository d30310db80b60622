import type { ItemCondition, ItemQuery, Json, NamespaceQuery } from "@graphfleet/domain";
import { type RawBuilder, type SqlBool, sql } from "kysely";

import { jsonb, plainText } from "./json.js";

type Condition = RawBuilder<SqlBool>;

/** Above every label that a text column can hold, when put behind a label. */
const BEYOND = "\u{10FFFF}";

/**
 * One condition on a top-level key of an item's value. Order is a matter of one type: numbers compare as numbers, text by
 * code point, and a value of another type is neither greater nor smaller. A key that is missing equals nothing, so it
 * satisfies `$ne` and `$nin`.
 */
export function itemCondition({ key, operator, value }: ItemCondition): Condition {
  const found = sql`(value -> ${plainText(key)}::text)`;

  switch (operator) {
    case "$eq":
      return sql`${found} = ${jsonb(value)}`;
    case "$ne":
      return sql`${found} is distinct from ${jsonb(value)}`;
    case "$in":
      return isAnyOf(found, value);
    case "$nin":
      return sql`not coalesce(${isAnyOf(found, value)}, false)`;
    case "$gt":
      return compare(found, ">", value);
    case "$gte":
      return compare(found, ">=", value);
    case "$lt":
      return compare(found, "<", value);
    case "$lte":
      return compare(found, "<=", value);
  }
}

/** Labels in front. The range is what the key's index understands; the slice says exactly what is meant. */
export function underPrefix(prefix: ItemQuery["prefix"]): Condition | null {
  if (prefix.length === 0) return null;
  const labels = prefix.map(plainText);
  const beyond = [...labels.slice(0, -1), `${labels.at(-1)}${BEYOND}`];
  return sql`(
    namespace >= ${labels}::text[] and namespace < ${beyond}::text[]
    and namespace[1:${labels.length}::int] = ${labels}::text[]
  )`;
}

/** Labels in front, where `*` stands for any one. */
export function startsWith(prefix: NamespaceQuery["prefix"]): readonly Condition[] {
  if (!prefix.includes("*")) return [underPrefix(prefix)].filter((condition) => condition !== null);
  return [
    sql`cardinality(namespace) >= ${prefix.length}::int`,
    ...prefix.flatMap((label, at) =>
      label === "*" ? [] : [sql<SqlBool>`namespace[${at + 1}::int] = ${plainText(label)}`],
    ),
  ];
}

/** Labels at the end, where `*` stands for any one. */
export function endsWith(suffix: NamespaceQuery["suffix"]): readonly Condition[] {
  if (suffix.length === 0) return [];
  return [
    sql`cardinality(namespace) >= ${suffix.length}::int`,
    ...suffix.flatMap((label, at) =>
      label === "*"
        ? []
        : [sql<SqlBool>`namespace[cardinality(namespace) - ${suffix.length - 1 - at}::int] = ${plainText(label)}`],
    ),
  ];
}

/** One parameter, however long the list is. */
function isAnyOf(found: RawBuilder<unknown>, value: Json): Condition {
  const candidates = Array.isArray(value) ? value : [value];
  return sql`${found} = any(array(select jsonb_array_elements(${jsonb(candidates)})))`;
}

function compare(found: RawBuilder<unknown>, operator: ">" | ">=" | "<" | "<=", value: Json): Condition {
  const than = sql.raw(operator);
  if (typeof value === "string") {
    return sql`(jsonb_typeof(${found}) = 'string'
      and (${found} #>> '{}') collate "C" ${than} ${plainText(value)}::text collate "C")`;
  }
  const type = typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : null;
  // Lists, objects and null have no order that means anything.
  if (type === null) return sql`false`;
  return sql`(jsonb_typeof(${found}) = ${sql.lit(type)} and ${found} ${than} ${jsonb(value)})`;
}
