import { isObject, type Json, type JsonObject } from "../json.js";
import { CannotDecrypt, type Cipher, type ObjectCipher, type SealedKind, type SealedObject } from "./cipher.js";
import { needsHandlers } from "./envelopes.js";
import type { EncryptionContext } from "./handlers.js";

/*
 * Sealed JSON is an object with this one member, whose text is an envelope. What a project's handlers made of JSON has a
 * second member, with what they have to be told to undo it.
 */
const MARK = "$sealed";
const CONTEXT = "$with";

/** Columns that are objects, and that handlers for objects are given as such. */
const OBJECTS: ReadonlySet<string> = new Set(["kwargs", "payload", "values"]);

/** What stands in a JSON column instead of the value; the value itself while nothing is sealed. */
export async function sealJson(cipher: Cipher, kind: SealedKind, value: Json, field: string): Promise<Json> {
  if (!cipher.seals) return value;
  if (cipher.objects !== null && OBJECTS.has(field) && isObject(value))
    return markedObject(await cipher.objects.seal(kind, field, value));
  return marked(await cipher.seal(kind, textBytes(JSON.stringify(value)), field));
}

/** The value of what `sealJson` made; anything else is taken as it is: it was written before there was a key. */
export async function openJson(cipher: Cipher, kind: SealedKind, stored: Json): Promise<Json> {
  const object = handledObject(stored);
  if (object !== null) return (await objectsOf(cipher).open(object)).plain;
  const sealed = envelopeIn(stored);
  if (sealed === null) return stored;
  return parsed(kind, Buffer.from(await cipher.open(kind, sealed)).toString("utf8"));
}

/** A handler with the wrong key may give anything. What the parser says would show it. */
function parsed(kind: SealedKind, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new CannotDecrypt(`A ${kind} cannot be decrypted: what came of it is no JSON`);
  }
}

/** What should stand there today: sealed if it was not, sealed anew if it was in another way, or in no way at all. */
export async function renewJson(cipher: Cipher, kind: SealedKind, stored: Json, field: string): Promise<Json> {
  const object = handledObject(stored);
  const sealed = envelopeIn(stored);
  if (object === null && sealed === null) return stored === null ? null : sealJson(cipher, kind, stored, field);
  if (!cipher.seals) return openJson(cipher, kind, stored);
  if (object !== null) {
    const { replacement } = await objectsOf(cipher).open(object);
    return replacement === null ? stored : markedObject({ ...object, sealed: replacement });
  }
  const renewed = sealed && (await cipher.renew(kind, sealed, field));
  if (renewed === null) return stored;
  // Before there were handlers for objects its text was sealed.
  if (cipher.objects !== null && OBJECTS.has(field))
    return sealJson(cipher, kind, await openJson(cipher, kind, stored), field);
  return marked(renewed);
}

/** Whether this is what `sealJson` makes, or looks as if it were. */
export const isSealed = (stored: Json): boolean => envelopeIn(stored) !== null || handledValue(stored) !== null;

/** A value that handlers made, and what they were told. */
export interface HandledValue {
  readonly value: Json;
  readonly context: EncryptionContext;
}

export function handledValue(stored: Json): HandledValue | null {
  if (!isObject(stored) || Object.keys(stored).length !== 2) return null;
  const { [MARK]: value, [CONTEXT]: context } = stored;
  // Nobody else writes this.
  return value === undefined || !isObject(context) ? null : { value, context: context as unknown as EncryptionContext };
}

/** What stands in the database for something sealed. */
export const marked = (sealed: Uint8Array | HandledValue): JsonObject =>
  sealed instanceof Uint8Array
    ? { [MARK]: base64(sealed) }
    : // A context is made of JSON.
      { [MARK]: sealed.value, [CONTEXT]: sealed.context as unknown as JsonObject };

/** @throws CannotDecrypt when this process has no such handlers. */
export function objectsOf({ objects }: Cipher): ObjectCipher {
  if (objects === null) throw needsHandlers("value");
  return objects;
}

/** Seals the text of a value right away, for a tape. */
export const sealText = (seal: (plain: Uint8Array) => Uint8Array, text: string): string =>
  `${TEXT_HEAD}${base64(seal(textBytes(text)))}"}`;

/** The text that `sealText` was given; any other text is taken as it is. */
export async function openText(cipher: Cipher, kind: SealedKind, text: string): Promise<string> {
  if (!text.startsWith(TEXT_HEAD)) return text;
  const plain = await cipher.open(kind, Buffer.from(text.slice(TEXT_HEAD.length, -2), "base64"));
  return Buffer.from(plain).toString("utf8");
}

const TEXT_HEAD = `{"${MARK}":"`;

const textBytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

function envelopeIn(stored: Json): Uint8Array | null {
  if (!isObject(stored)) return null;
  const text = stored[MARK];
  return typeof text === "string" && Object.keys(stored).length === 1 ? Buffer.from(text, "base64") : null;
}

function handledObject(stored: Json): SealedObject | null {
  const handled = handledValue(stored);
  return handled !== null && isObject(handled.value) ? { sealed: handled.value, context: handled.context } : null;
}

const markedObject = ({ sealed, context }: SealedObject): JsonObject => marked({ value: sealed, context });

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
