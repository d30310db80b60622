import { isObject, type Json, type JsonObject } from "../json.js";
import type { Cipher, SealedKind } from "./cipher.js";

/** Sealed JSON is an object with this one member. */
const MARK = "$sealed";

/** What stands in a JSON column instead of the value. */
export async function sealJson(cipher: Cipher, kind: SealedKind, value: Json): Promise<JsonObject> {
  const sealed = await cipher.seal(kind, Buffer.from(JSON.stringify(value), "utf8"));
  return { [MARK]: base64(sealed) };
}

/** The value of what `sealJson` made; anything else is taken as it is: it was written before there was a key. */
export async function openJson(cipher: Cipher, kind: SealedKind, stored: Json): Promise<Json> {
  const text = sealedText(stored);
  if (text === null) return stored;
  const plain = await cipher.open(kind, Buffer.from(text, "base64"));
  return JSON.parse(Buffer.from(plain).toString("utf8")) as Json;
}

/** Seals the text of a value right away, for a tape. */
export const sealText = (seal: (plain: Uint8Array) => Uint8Array, text: string): string =>
  `${TEXT_HEAD}${base64(seal(Buffer.from(text, "utf8")))}"}`;

/** The text that `sealText` was given; any other text is taken as it is. */
export async function openText(cipher: Cipher, kind: SealedKind, text: string): Promise<string> {
  if (!text.startsWith(TEXT_HEAD)) return text;
  const plain = await cipher.open(kind, Buffer.from(text.slice(TEXT_HEAD.length, -2), "base64"));
  return Buffer.from(plain).toString("utf8");
}

const TEXT_HEAD = `{"${MARK}":"`;

function sealedText(stored: Json): string | null {
  if (!isObject(stored)) return null;
  const text = stored[MARK];
  return typeof text === "string" && Object.keys(stored).length === 1 ? text : null;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
