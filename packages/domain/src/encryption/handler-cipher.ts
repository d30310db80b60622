import { CannotDecrypt, type Cipher, type ObjectCipher, type SealedKind } from "./cipher.js";
import { DataKeys } from "./data-keys.js";
import { contextOf } from "./encryption-context.js";
import { AES_ENVELOPE, DATA_KEY_ENVELOPE, HANDLER_ENVELOPE } from "./envelopes.js";
import { callHandler, type EncryptionContext, EncryptionFailed, type EncryptionHandlers } from "./handlers.js";
import { HandlerObjects } from "./handler-objects.js";

/*
 * An envelope: one byte for its version, the length of the context, the context as JSON, and what the handler returned.
 * What protects the content from changes is the handler's business.
 */
const HEAD_BYTES = 1 + 4;

export interface HandlerCipherOptions {
  readonly handlers: EncryptionHandlers;
  /** Opens what was sealed before there were handlers. */
  readonly aes: Cipher | null;
  readonly seals: boolean;
}

/** Sealing by a project's own handlers. */
export class HandlerCipher implements Cipher {
  readonly seals: boolean;
  readonly objects: ObjectCipher | null;
  readonly #handlers: EncryptionHandlers;
  readonly #aes: Cipher | null;
  readonly #dataKeys: DataKeys;

  constructor({ handlers, aes, seals }: HandlerCipherOptions) {
    this.seals = seals;
    this.objects = HandlerObjects.of(handlers);
    this.#handlers = handlers;
    this.#aes = aes;
    this.#dataKeys = new DataKeys(this);
  }

  async seal(kind: SealedKind, plain: Uint8Array, field: string | null = null): Promise<Uint8Array> {
    const context = contextOf(kind, field);
    const sealed: unknown = await callHandler("encrypt.blob", context, () =>
      this.#handlers.encrypt.blob(context, plain),
    );
    if (!(sealed instanceof Uint8Array)) throw new EncryptionFailed("encrypt.blob", context, "returned no bytes");
    return envelope(context, sealed);
  }

  async open(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array> {
    const [form] = sealed;
    if (form === HANDLER_ENVELOPE) return (await this.#decrypt(kind, sealed)).plain;
    if (form === DATA_KEY_ENVELOPE) return this.#dataKeys.open(kind, sealed);
    if (form === AES_ENVELOPE && this.#aes !== null) return this.#aes.open(kind, sealed);
    const reason =
      form === AES_ENVELOPE
        ? "it was encrypted with LANGGRAPH_AES_KEY, which is not set here"
        : "what is stored is not one of our envelopes";
    throw new CannotDecrypt(`A ${kind} cannot be decrypted: ${reason}`);
  }

  async renew(kind: SealedKind, sealed: Uint8Array, field?: string): Promise<Uint8Array | null> {
    if (sealed[0] !== HANDLER_ENVELOPE) return this.seal(kind, await this.open(kind, sealed), field);
    const { replacement, context } = await this.#decrypt(kind, sealed);
    return replacement && envelope(context, replacement);
  }

  async sealer(kind: SealedKind): Promise<(plain: Uint8Array) => Uint8Array> {
    return this.#dataKeys.sealer(kind);
  }

  async #decrypt(kind: SealedKind, sealed: Uint8Array) {
    const { context, content } = readEnvelope(kind, sealed);
    const answer: unknown = await callHandler("decrypt.blob", context, () =>
      this.#handlers.decrypt.blob(context, content),
    );
    if (answer instanceof Uint8Array) return { context, plain: answer, replacement: null };
    const { plaintext, replacement = null } = (answer ?? {}) as Readonly<Record<string, unknown>>;
    if (plaintext instanceof Uint8Array && (replacement === null || replacement instanceof Uint8Array))
      return { context, plain: plaintext, replacement };
    throw new EncryptionFailed("decrypt.blob", context, "returned no bytes");
  }
}

function envelope(context: EncryptionContext, content: Uint8Array): Uint8Array {
  const told = Buffer.from(JSON.stringify(context), "utf8");
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(HANDLER_ENVELOPE);
  head.writeUInt32BE(told.length, 1);
  return Buffer.concat([head, told, content]);
}

function readEnvelope(kind: SealedKind, sealed: Uint8Array): { context: EncryptionContext; content: Uint8Array } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  try {
    const end = HEAD_BYTES + bytes.readUInt32BE(1);
    // What `envelope` wrote.
    const context = JSON.parse(bytes.toString("utf8", HEAD_BYTES, end)) as EncryptionContext;
    return { context, content: Uint8Array.from(bytes.subarray(end)) };
  } catch {
    throw new CannotDecrypt(`A ${kind} cannot be decrypted: its envelope was changed`);
  }
}
