import type { TSchema } from "@sinclair/typebox";

/**
 * A body whose members may be named in camel case (`streamMode`), in the names of its schema (`stream_mode`). Goes one
 * level deep: what is inside of members is the user's. Where both names are given, the schema's counts.
 */
export function snakeCased(schema: TSchema, body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;

  const result: Record<string, unknown> = { ...body };
  for (const name of Object.keys(schema.properties as object)) {
    const camel = name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    if (Object.hasOwn(result, camel)) result[name] ??= result[camel];
  }
  return result;
}
