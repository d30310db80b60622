import type { TSchema } from "@sinclair/typebox";
import { EXACT } from "./schemas.js";

/**
 * Where a value that has to be taken literally holds a NUL character, which no text in Postgres can: names, ids and filters
 * with one mean nothing that could be stored. Null when there is none. What users and models write (inputs, values, labels)
 * is not looked at: the ledger takes NULs out of it.
 */
export function findNul(schema: TSchema, value: unknown): string | null {
  const found = nulIn(schema, value, []);
  return found === null ? null : found.length === 0 ? "request" : found.join(".");
}

type Path = readonly string[];

function nulIn(schema: TSchema, value: unknown, path: Path): Path | null {
  if (schema[EXACT] === true) return nulAnywhere(value, path);
  if (Array.isArray(schema.anyOf)) return first(schema.anyOf as TSchema[], (form) => nulIn(form, value, path));
  if (typeof value === "string") return schema.type === "string" && value.includes("\0") ? path : null;

  const items = schema.items as TSchema | readonly TSchema[] | undefined;
  if (Array.isArray(value)) {
    if (items === undefined || Array.isArray(items)) return null;
    return first([...value.entries()], ([index, item]) => nulIn(items as TSchema, item, [...path, String(index)]));
  }
  if (typeof value !== "object" || value === null) return null;
  const members = Object.entries((schema.properties ?? {}) as Record<string, TSchema>);
  return first(members, ([name, member]) => nulIn(member, (value as Record<string, unknown>)[name], [...path, name]));
}

/** In texts and in names of members, however deep. */
function nulAnywhere(value: unknown, path: Path): Path | null {
  if (typeof value === "string") return value.includes("\0") ? path : null;
  if (typeof value !== "object" || value === null) return null;
  return first(Object.entries(value), ([name, member]) =>
    name.includes("\0") ? path : nulAnywhere(member, [...path, name]),
  );
}

function first<Item>(items: readonly Item[], look: (item: Item) => Path | null): Path | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}
