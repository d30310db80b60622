import type { TSchema } from "@sinclair/typebox";
import { booleanOf } from "./coerce-query.js";
import { ONE_OR_MANY } from "./schemas.js";

/**
 * Brings a body into the shape its schema speaks of: null members that the schema does not allow are dropped, a bare item
 * where a list is wanted becomes a list, and "true" becomes true. Goes as deep as the schema describes members; what the
 * user's graph will read (`input`, `values`, …) is left as it came.
 */
export function dropNulls(schema: TSchema, value: unknown): unknown {
  const items = schema.items as TSchema | undefined;
  if (Array.isArray(value))
    return items?.properties === undefined ? value : value.map((item) => dropNulls(items, item));
  if (typeof value !== "object" || value === null || schema.properties === undefined) return value;

  const result: Record<string, unknown> = { ...value };
  for (const [name, member] of Object.entries(schema.properties as Record<string, TSchema>)) {
    if (!Object.hasOwn(result, name)) continue;
    const given = result[name];
    if (given === null && !allowsNull(member)) delete result[name];
    else result[name] = dropNulls(member, bring(member, given));
  }
  return result;
}

function bring(schema: TSchema, value: unknown): unknown {
  if (schema[ONE_OR_MANY] === true && !Array.isArray(value)) return [value];
  if (schema.type === "boolean" && typeof value === "string") return booleanOf(value) ?? value;
  return value;
}

function allowsNull(schema: TSchema): boolean {
  if (Array.isArray(schema.anyOf)) return (schema.anyOf as readonly TSchema[]).some(allowsNull);
  return schema.type === undefined || schema.type === "null";
}
