import type { JsonObject } from "../json.js";
import type { EncryptionContext } from "./handlers.js";

/** What kind of row something is kept in. Sealed for one kind, it does not open as another. */
export type SealedKind = "assistant" | "checkpoint" | "cron" | "item" | "run" | "tape" | "thread";

/**
 * Makes what users wrote unreadable to whoever has nothing but the database or Redis. What is sealed twice differs. What
 * was changed since does not open. `field` tells a project's own handlers what it is.
 */
export interface Cipher {
  /** False while a fleet only learns to read: what is written stays plain, and nobody calls `seal`. */
  readonly seals: boolean;
  /** How whole objects are sealed, key by key; null where their text is sealed as bytes. */
  readonly objects: ObjectCipher | null;
  /** @throws DomainError `encryption_failed` when the project's handler does. */
  seal(kind: SealedKind, plain: Uint8Array, field?: string): Promise<Uint8Array>;
  /** @throws CannotDecrypt, which names the key and never the content; DomainError `encryption_failed`. */
  open(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array>;
  /** The same content as it would be sealed today; null when that is how it is sealed. @throws as `open`. */
  renew(kind: SealedKind, sealed: Uint8Array, field?: string): Promise<Uint8Array | null>;
  /** For many small things in a row that cannot wait; what it seals is opened by `open`. */
  sealer(kind: SealedKind): Promise<(plain: Uint8Array) => Uint8Array>;
}

/** Seals the values of an object and keeps its keys. */
export interface ObjectCipher {
  /** @throws DomainError `encryption_failed`. */
  seal(kind: SealedKind, field: string, plain: JsonObject): Promise<SealedObject>;
  /** `replacement` is how it should be stored from now on, if otherwise. @throws DomainError `encryption_failed`. */
  open(sealed: SealedObject): Promise<{ readonly plain: JsonObject; readonly replacement: JsonObject | null }>;
}

/** What came of sealing an object, and what has to be known to open it. */
export interface SealedObject {
  readonly sealed: JsonObject;
  readonly context: EncryptionContext;
}

/** What is encrypted, and how. */
export interface Encryption {
  readonly cipher: Cipher;
  /** Top-level keys of metadata, contexts and items whose values are sealed one by one, where no handlers decide that. */
  readonly jsonKeys: ReadonlySet<string>;
}

/** Something is in the store that our keys do not open. */
export class CannotDecrypt extends Error {
  override readonly name = "CannotDecrypt";
}
