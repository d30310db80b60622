import { EXACT, ONE_OR_MANY } from "../http/schemas.js";

/** Schemas with a title of their own, which others refer to. */
export type NamedSchemas = Record<string, object>;

type Schema = Readonly<Record<string, unknown>>;

/**
 * A schema as others may read it: what has a default is not required, a list that may be given as one item says so, and
 * a schema with a title moves into `named`.
 */
export function publicSchema(schema: object, named: NamedSchemas): object {
  const { title, ...rest } = schema as Schema;
  if (typeof title !== "string") return plain(schema as Schema, named);
  named[title] ??= plain(rest, named);
  return { $ref: `#/components/schemas/${title}` };
}

function plain(schema: Schema, named: NamedSchemas): object {
  const members = Object.entries(schema).filter(([key]) => key !== ONE_OR_MANY && key !== EXACT && key !== "required");
  const result: Record<string, unknown> = Object.fromEntries(
    members.map(([key, value]) => [key, read(key, value, named)]),
  );
  const required = requiredOf(schema);
  if (required.length > 0) result.required = required;
  if (schema[ONE_OR_MANY] !== true) return result;
  return { anyOf: [result, result.items] };
}

function read(key: string, value: unknown, named: NamedSchemas): unknown {
  if (key === "properties" || key === "patternProperties")
    return Object.fromEntries(
      Object.entries(value as Record<string, object>).map(([name, member]) => [name, publicSchema(member, named)]),
    );
  if (key === "items" && !Array.isArray(value)) return publicSchema(value as object, named);
  if (key === "items" || key === "anyOf") return (value as object[]).map((form) => publicSchema(form, named));
  return value;
}

function requiredOf({ required, properties }: Schema): readonly string[] {
  const members = (properties ?? {}) as Readonly<Record<string, Schema>>;
  return ((required ?? []) as readonly string[]).filter((name) => members[name]?.default === undefined);
}
