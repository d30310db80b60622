import type { TSchema } from "@sinclair/typebox";
import { parseJson } from "./json-text.js";

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  "1": true,
  yes: true,
  false: false,
  "0": false,
  no: false,
};

/**
 * Turns the texts of a query string into the types its schema names. An empty text counts as absent. What cannot be read
 * stays text, for the validator to complain about.
 */
export function coerceQuery(schema: TSchema, query: object): Record<string, unknown> {
  const members = schema.properties as Record<string, TSchema>;
  const result: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(query)) {
    const member = members[name];
    if (member === undefined || raw === "") continue;
    result[name] = coerce(member, raw);
  }
  return result;
}

/** True and false in the spellings of all clients. */
export const booleanOf = (text: string): boolean | undefined => BOOLEANS[text.toLowerCase()];

function coerce(schema: TSchema, raw: unknown): unknown {
  if (schema.type === "array") return listOf(raw);
  // A scalar given twice: the last one counts.
  const text: unknown = Array.isArray(raw) ? raw.at(-1) : raw;
  if (typeof text !== "string") return text;
  if (Array.isArray(schema.anyOf)) return firstReading(schema.anyOf as readonly TSchema[], text);

  switch (schema.type) {
    case "boolean":
      return booleanOf(text) ?? text;
    case "integer":
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "object":
      return jsonOr(text);
    default:
      return text;
  }
}

/** The first form that can read the text wins; text that none can read stays text. */
function firstReading(forms: readonly TSchema[], text: string): unknown {
  for (const form of forms) {
    const value = coerce(form, text);
    if (value !== text) return value;
  }
  return text;
}

/** Lists come as a repeated key, as a JSON array, or separated by commas. */
function listOf(raw: unknown): readonly unknown[] {
  const texts: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  return texts.flatMap((text) => {
    if (typeof text !== "string") return [text];
    const parsed = text.startsWith("[") ? jsonOr(text) : text;
    if (Array.isArray(parsed)) return parsed as readonly unknown[];
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  });
}

function jsonOr(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
