import { randomBytes } from "node:crypto";
import { AesCipher } from "./aes-cipher.js";
import { readAesKey } from "./aes-key.js";
import { CannotDecrypt, type Cipher, type SealedKind } from "./cipher.js";
import { DATA_KEY_ENVELOPE } from "./envelopes.js";

const HEAD_BYTES = 1 + 4;
/** Tapes that are read at the same time; a key more costs a call of a handler. */
const REMEMBERED = 1000;

/**
 * Keys of our own, each of which is sealed by another cipher and travels with what it seals: for what cannot wait for
 * handlers. There is a new one for each sealer, that is for each attempt at a run.
 */
export class DataKeys {
  readonly #wrapping: Pick<Cipher, "open" | "seal">;
  readonly #opened = new Map<string, Promise<AesCipher>>();

  constructor(wrapping: Pick<Cipher, "open" | "seal">) {
    this.#wrapping = wrapping;
  }

  async sealer(kind: SealedKind): Promise<(plain: Uint8Array) => Uint8Array> {
    const key = randomBytes(32);
    const seal = await cipherOf(key).sealer(kind);
    const wrapped = await this.#wrapping.seal(kind, key, "stream");
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt8(DATA_KEY_ENVELOPE);
    head.writeUInt32BE(wrapped.length, 1);
    return (plain) => Buffer.concat([head, wrapped, seal(plain)]);
  }

  async open(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const end = bytes.length < HEAD_BYTES ? Infinity : HEAD_BYTES + bytes.readUInt32BE(1);
    if (end > bytes.length) throw new CannotDecrypt(`A ${kind} cannot be decrypted: its envelope was changed`);
    const cipher = await this.#cipher(kind, bytes.subarray(HEAD_BYTES, end));
    return cipher.open(kind, bytes.subarray(end));
  }

  #cipher(kind: SealedKind, wrapped: Uint8Array): Promise<AesCipher> {
    const name = Buffer.from(wrapped).toString("base64");
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const opening = this.#wrapping.open(kind, wrapped).then(cipherOf);
    // Not remembered when it failed: whatever the handler needs may be back for the next reader.
    opening.catch(() => this.#opened.delete(name));
    const [oldest] = this.#opened.keys();
    if (oldest !== undefined && this.#opened.size >= REMEMBERED) this.#opened.delete(oldest);
    this.#opened.set(name, opening);
    return opening;
  }
}

const cipherOf = (key: Uint8Array): AesCipher =>
  new AesCipher(readAesKey("the key of a tape", `hex:${Buffer.from(key).toString("hex")}`));
