import type { Json } from "@graphfleet/domain";
import { types } from "node:util";
import { messageOf } from "@graphfleet/domain";

/**
 * One line of JSON for a value that a graph produced, as clients expect it: messages are flat, dates are ISO strings,
 * bigints are strings, functions vanish. Never throws: a value that cannot be told is told by its reason.
 */
export function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, flatten) ?? "null";
  } catch {
    // A cycle, or a getter that throws. Rare, so the usual path pays nothing for it.
    return JSON.stringify(plain(value, [])) ?? "null";
  }
}

/** The value as clients would see it after parsing. */
export function toJson(value: unknown): Json {
  return JSON.parse(stringify(value)) as Json;
}

/**
 * A replacer that looks at the raw value: by the time JSON.stringify asks, `toJSON` has already turned messages into
 * their constructor form.
 */
function flatten(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;

  // `this` is the object that holds the key; JSON.stringify guarantees it.
  const raw = (this as Record<string, unknown>)[key];
  return typeof raw === "object" && raw !== null ? wireForm(raw, value) : value;
}

/** What stands for an object in JSON; `fallback` is the answer for ordinary ones. */
function wireForm(raw: object, fallback: unknown): unknown {
  if (Array.isArray(raw)) return fallback;
  if ("toDict" in raw && typeof raw.toDict === "function") {
    // The shape of LangChain messages, whichever copy of the library made them.
    const { type, data } = (raw as { toDict(): { type: string; data: object } }).toDict();
    return { ...data, type };
  }
  if (Object.getPrototypeOf(raw) === Object.prototype) return fallback;
  if (types.isMap(raw)) return mapForm(raw);
  if (types.isSet(raw)) return [...raw];
  if (types.isUint8Array(raw)) return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("base64");
  if (types.isRegExp(raw)) return String(raw);
  if (raw instanceof Error || types.isNativeError(raw)) {
    return hasToJson(raw) ? fallback : { name: raw.name, message: raw.message };
  }
  return fallback;
}

function mapForm(map: Map<unknown, unknown>): unknown {
  const entries = [...map];
  return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : entries;
}

/** The slow way: a copy without cycles and without members that cannot be read. */
function plain(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return "[Circular]";

  const path = [...ancestors, value];
  try {
    const shape = wireForm(value, hasToJson(value) ? value.toJSON() : value);
    if (typeof shape !== "object" || shape === null) return plain(shape, path);
    if (Array.isArray(shape)) return shape.map((item) => plain(item, path));
    return Object.fromEntries(Object.keys(shape).map((key) => [key, member(shape, key, path)]));
  } catch (error) {
    return unreadable(error);
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function member(owner: object, key: string, path: readonly object[]): unknown {
  try {
    return plain((owner as Record<string, unknown>)[key], path);
  } catch (error) {
    return unreadable(error);
  }
}

const unreadable = (error: unknown): string => `[Unreadable: ${messageOf(error)}]`;

/**
 * The value as Postgres can keep it in a jsonb column, which refuses NUL characters and halves of surrogate pairs:
 * those are taken out of texts.
 */
export function toStorableJson(value: unknown): Json {
  const text = stringify(value);
  // JSON.stringify escapes exactly these, so a text without the escapes needs no second look.
  return UNSTORABLE_ESCAPE.test(text) ? (JSON.parse(text, cleaned) as Json) : (JSON.parse(text) as Json);
}

const UNSTORABLE_ESCAPE = /\\u0000|\\ud[89a-f]/i;
// eslint-disable-next-line no-control-regex -- NUL is what we look for.
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

function cleaned(_key: string, value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(UNSTORABLE, "");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.replaceAll(UNSTORABLE, ""), item]));
}
