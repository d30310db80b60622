import { isObject, type JsonObject } from "../json.js";
import type { ObjectCipher, SealedKind, SealedObject } from "./cipher.js";
import { contextOf } from "./encryption-context.js";
import {
  callHandler,
  type EncryptionContext,
  EncryptionFailed,
  type EncryptionHandlers,
  type HandlerName,
} from "./handlers.js";

/** Sealing of objects by a project's own handlers. They may do what they like with values, and nothing with keys. */
export class HandlerObjects implements ObjectCipher {
  readonly #handlers: EncryptionHandlers;

  private constructor(handlers: EncryptionHandlers) {
    this.#handlers = handlers;
  }

  /** Null when the project has no handlers for objects. */
  static of(handlers: EncryptionHandlers): HandlerObjects | null {
    return handlers.encrypt.json === undefined ? null : new HandlerObjects(handlers);
  }

  async seal(kind: SealedKind, field: string, plain: JsonObject): Promise<SealedObject> {
    const context = contextOf(kind, field);
    const sealed = await callHandler("encrypt.json", context, () => this.#handlers.encrypt.json?.(context, plain));
    return { sealed: withKeysOf(plain, sealed, "encrypt.json", context), context };
  }

  async open({ sealed, context }: SealedObject) {
    const answer: unknown = await callHandler("decrypt.json", context, () =>
      this.#handlers.decrypt.json?.(context, sealed),
    );
    if (!isRotated(answer, sealed))
      return { plain: withKeysOf(sealed, answer, "decrypt.json", context), replacement: null };
    const { plaintext, replacement = null } = answer;
    return {
      plain: withKeysOf(sealed, plaintext, "decrypt.json", context),
      replacement: replacement === null ? null : withKeysOf(sealed, replacement, "decrypt.json", context),
    };
  }
}

/** Objects may have a key `plaintext` of their own; then that is what their decrypted form has, too. */
const isRotated = (answer: unknown, sealed: JsonObject): answer is JsonObject =>
  isObject(answer) && isObject(answer["plaintext"]) && !Object.hasOwn(sealed, "plaintext");

/** @throws EncryptionFailed naming no key: keys may come from users. */
function withKeysOf(before: JsonObject, after: unknown, handler: HandlerName, context: EncryptionContext): JsonObject {
  if (!isObject(after)) throw new EncryptionFailed(handler, context, "returned no object");
  const keys = Object.keys(after);
  if (keys.length !== Object.keys(before).length || !keys.every((key) => Object.hasOwn(before, key)))
    throw new EncryptionFailed(handler, context, "added or removed keys");
  // Whatever it gave has to be stored as JSON.
  return JSON.parse(JSON.stringify(after)) as JsonObject;
}
