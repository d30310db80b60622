import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type AesKey, KEY_ID_BYTES } from "./aes-key.js";
import { CannotDecrypt, type Cipher, type SealedKind } from "./cipher.js";
import { AES_ENVELOPE, DATA_KEY_ENVELOPE, HANDLER_ENVELOPE, needsHandlers } from "./envelopes.js";

/*
 * An envelope: one byte for its version, the id of the key, a random nonce, the content, and a tag over all of it and the
 * kind of row. The kind is not in the envelope: whoever opens it has to know.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** AES in Galois/Counter Mode. Seals with the first key; opens with any. */
export class AesCipher implements Cipher {
  readonly seals: boolean;
  readonly objects = null;
  readonly #current: AesKey;
  readonly #keys: ReadonlyMap<string, AesKey>;

  /**
   * @param older keys that still open what they sealed
   * @param seals see `Cipher`
   */
  constructor(current: AesKey, older: readonly AesKey[] = [], seals = true) {
    this.seals = seals;
    this.#current = current;
    this.#keys = new Map([current, ...older].map((key) => [key.id, key]));
  }

  async seal(kind: SealedKind, plain: Uint8Array): Promise<Uint8Array> {
    return sealWith(this.#current, kind, plain);
  }

  async open(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array> {
    return openWith(this.#keys, kind, sealed);
  }

  async renew(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array | null> {
    const id = Buffer.from(sealed.subarray(1, 1 + KEY_ID_BYTES)).toString("hex");
    return id === this.#current.id && sealed[0] === AES_ENVELOPE
      ? null
      : sealWith(this.#current, kind, openWith(this.#keys, kind, sealed));
  }

  async sealer(kind: SealedKind): Promise<(plain: Uint8Array) => Uint8Array> {
    return (plain) => sealWith(this.#current, kind, plain);
  }
}

/** Seals with one key. */
function sealWith(key: AesKey, kind: SealedKind, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([Buffer.of(AES_ENVELOPE), Buffer.from(key.id, "hex"), nonce]);
  const cipher = createCipheriv(key.algorithm, key.secret, nonce);
  cipher.setAAD(boundTo(kind, head));
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openWith(keys: ReadonlyMap<string, AesKey>, kind: SealedKind, sealed: Uint8Array): Uint8Array {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes[0] === HANDLER_ENVELOPE || bytes[0] === DATA_KEY_ENVELOPE) throw needsHandlers(kind);
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== AES_ENVELOPE) {
    throw new CannotDecrypt(`A ${kind} cannot be decrypted: what is stored is not one of our envelopes`);
  }
  const head = bytes.subarray(0, HEAD_BYTES);
  const id = head.subarray(1, 1 + KEY_ID_BYTES).toString("hex");
  const key = keys.get(id);
  if (!key) {
    throw new CannotDecrypt(
      `A ${kind} cannot be decrypted: it was encrypted with key ${id}, and the keys here are ${[...keys.keys()].join(", ")}. ` +
        "Add the missing one to LANGGRAPH_AES_FALLBACK_KEYS",
    );
  }
  const decipher = createDecipheriv(key.algorithm, key.secret, head.subarray(1 + KEY_ID_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(boundTo(kind, head));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new CannotDecrypt(
      `A ${kind} cannot be decrypted with key ${id}: it was changed, or belongs to another kind of row`,
    );
  }
}

const boundTo = (kind: SealedKind, head: Buffer): Buffer => Buffer.concat([Buffer.from(`graphfleet:${kind}:`), head]);
