/** A value that survives a round trip through JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. `undefined` members are allowed in code and vanish when serialised. */
export type JsonObject = { readonly [key: string]: Json };

/** True for plain objects: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else an empty one. For optional sections of user JSON. */
export function objectOrEmpty(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
