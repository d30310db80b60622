import { type RawBuilder, sql } from "kysely";

/** In the text JSON.stringify makes, NUL and lone surrogates are the only escapes of these forms; `\\` is a backslash. */
const UNSTORABLE = /\\(?:\\|u0000|ud[89ab][0-9a-f]{2}|ud[c-f][0-9a-f]{2})/g;
const HAS_NUL = /\\(?:\\|u0000)/g;

/**
 * The text of a value as jsonb can store it. jsonb refuses NUL characters and halves of surrogate pairs, both of which
 * models do produce: NUL vanishes, a lone half becomes U+FFFD.
 */
export function jsonbText(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSTORABLE, (escape) =>
    escape === "\\\\" ? escape : escape === "\\u0000" ? "" : "\uFFFD",
  );
}

/** A jsonb parameter. */
export const jsonb = <T>(value: T): RawBuilder<T> => sql<T>`${jsonbText(value)}::jsonb`;

/** A json parameter: kept as it is, with the order of its keys. */
export const json = <T>(value: T): RawBuilder<T> => sql<T>`${JSON.stringify(value)}::json`;

/** True when a string somewhere in the value holds a NUL character: such a value equals nothing that is stored. */
export function hasNul(value: unknown): boolean {
  return JSON.stringify(value).match(HAS_NUL)?.includes("\\u0000") === true;
}

/** Text as a text column can store it. */
export const plainText = (text: string): string => text.replaceAll("\0", "");
