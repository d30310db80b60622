import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** A key, and the name that what it sealed carries. The name tells nothing of the key. */
export interface AesKey {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly algorithm: "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";
  readonly secret: KeyObject;
}

export const KEY_ID_BYTES = 4;

const ALGORITHMS: ReadonlyMap<number, AesKey["algorithm"]> = new Map([
  [16, "aes-128-gcm"],
  [24, "aes-192-gcm"],
  [32, "aes-256-gcm"],
]);
const EXPECTED =
  "must be a key of 16, 24 or 32 bytes: as plain characters, as hex:… or as base64:…, for example from `openssl rand -hex 32`";

/**
 * Reads a key. Text of 16, 24 or 32 bytes is the key itself; else it is hexadecimal or base64 for one. Where both could
 * be meant, `hex:` or `base64:` in front says so.
 *
 * @param name of the variable, for messages
 * @throws Error that does not show the value
 */
export function readAesKey(name: string, text: string): AesKey {
  const bytes = candidates(text).find(({ length }) => ALGORITHMS.has(length));
  const algorithm = bytes && ALGORITHMS.get(bytes.length);
  if (!bytes || !algorithm) throw new Error(`${name} ${EXPECTED}; it has ${Buffer.byteLength(text)} bytes.`);
  const id = createHmac("sha256", bytes).update("graphfleet key id").digest("hex");
  return { id: id.slice(0, KEY_ID_BYTES * 2), algorithm, secret: createSecretKey(bytes) };
}

function candidates(text: string): readonly Buffer[] {
  if (text.startsWith("hex:")) return fromHex(text.slice("hex:".length));
  if (text.startsWith("base64:")) return fromBase64(text.slice("base64:".length));
  return [Buffer.from(text, "utf8"), ...fromHex(text), ...fromBase64(text)];
}

const fromHex = (text: string): Buffer[] => (/^(?:[0-9a-f]{2})+$/i.test(text) ? [Buffer.from(text, "hex")] : []);

const fromBase64 = (text: string): Buffer[] =>
  /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? [Buffer.from(text, "base64")] : [];
