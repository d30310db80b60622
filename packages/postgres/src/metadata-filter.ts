import type { Json, JsonObject, Scope, ScopeCondition } from "@graphfleet/domain";
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";

import { hasNul, jsonb } from "./json.js";

type Condition = RawBuilder<SqlBool>;
type JsonColumn = Expression<unknown>;

/**
 * The meaning of filters on JSON columns, in one place: authorization and search agree by construction.
 *
 * Containment: every key of the filter is there and matches, objects recursively. An empty filter matches all.
 */
export function contains(column: JsonColumn, filter: JsonObject | undefined): Condition | null {
  if (filter === undefined || Object.keys(filter).length === 0) return null;
  return sql<SqlBool>`${column} @> ${jsonb(filter)}`;
}

/** The rows a caller may see. `column` is the row's metadata. Null when the scope has no conditions. */
export function inScope(column: JsonColumn, scope: Scope): Condition | null {
  return all(scope.conditions.map((condition) => scopeCondition(column, condition)));
}

/** All of them; null stands for no condition. */
export function all(conditions: readonly (Condition | null)[]): Condition | null {
  const present = conditions.filter((condition) => condition !== null);
  return present.length === 0 ? null : sql<SqlBool>`(${sql.join(present, sql` and `)})`;
}

/** At least one of them; of none, none holds. */
const any = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql<SqlBool>`false` : sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;

/** A condition as SQL wants it where one must stand. */
export const orTrue = (condition: Condition | null): Condition => condition ?? sql<SqlBool>`true`;

function scopeCondition(column: JsonColumn, condition: ScopeCondition): Condition {
  if ("anyOf" in condition) return any(condition.anyOf.map((scope) => orTrue(inScope(column, scope))));
  const { key, operator, value } = condition;
  // NUL is dropped when rows are written. Dropping it here too would make two identities one.
  if (hasNul(value) || hasNul(key)) return sql<SqlBool>`false`;

  switch (operator) {
    case "eq":
      return equals(column, key, value);
    case "contains":
      return sql<SqlBool>`(jsonb_typeof(${column} -> ${key}::text) = 'array' and ${column} -> ${key}::text @> ${jsonb(
        Array.isArray(value) ? value : [value],
      )})`;
  }
}

/** Containment, which an index serves, and for objects and lists equality on top: part of a value is not the value. */
function equals(column: JsonColumn, key: string, value: Json): Condition {
  const contained = sql<SqlBool>`${column} @> ${jsonb({ [key]: value })}`;
  return typeof value === "object" && value !== null
    ? sql<SqlBool>`(${contained} and ${column} -> ${key}::text = ${jsonb(value)})`
    : contained;
}
