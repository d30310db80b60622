import { type SchemaOptions, type TSchema, Type } from "@sinclair/typebox";

// How keys are described. `description` says what a key means and goes into docs/configuration.md; `expected` says what may
// stand there and goes into messages: "…, but it must be <expected>".

declare module "@sinclair/typebox" {
  interface SchemaOptions {
    /** What may stand here, as the end of "it must be …". */
    expected?: string;
    /**
     * `none`: checked, but this version does not act on it, and says so when it is set.
     * `elsewhere`: for other tools, such as builders of images. Absent: this server acts on it.
     */
    effect?: "none" | "elsewhere";
    /** Why there is none, as the end of "it has no effect: …". */
    why?: string;
  }
}

/** A key that the server knows how to check and not how to obey. */
export const withoutEffect = <T extends TSchema>(schema: T, why: string): T => ({ ...schema, effect: "none", why });

/** A key that is meant for somebody else. */
export const elsewhere = <T extends TSchema>(schema: T): T => ({ ...schema, effect: "elsewhere" });

/** Something that a module exports. */
export const target = (description: string) =>
  Type.String({ description, expected: 'a file and an export, like "./src/file.ts:name"' });

export const text = (description: string, more: SchemaOptions = {}) =>
  Type.String({ description, expected: "a text", ...more });

export const texts = (description: string, more: SchemaOptions = {}) =>
  Type.Array(Type.String(), { description, expected: 'a list of texts, like ["a", "b"]', ...more });

export const flag = (description: string, otherwise = false) =>
  Type.Optional(Type.Boolean({ description, expected: "true or false", default: otherwise }));

export const minutes = (description: string, more: SchemaOptions = {}) =>
  Type.Number({ exclusiveMinimum: 0, description, expected: "a number of minutes above 0", ...more });

export const count = (description: string, more: SchemaOptions = {}) =>
  Type.Integer({ minimum: 1, description, expected: "a whole number above 0", ...more });

/** One of a few texts. */
export function oneOf<const T extends readonly string[]>(values: T, description: string, more: SchemaOptions = {}) {
  const written = values.map((value) => `"${value}"`);
  return Type.Unsafe<T[number]>({
    type: "string",
    enum: [...values],
    description,
    expected: `${written.slice(0, -1).join(", ")} or ${written.at(-1)}`,
    ...more,
  });
}
