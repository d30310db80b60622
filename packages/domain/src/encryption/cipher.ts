/** What kind of row something is kept in. Sealed for one kind, it does not open as another. */
export type SealedKind = "assistant" | "checkpoint" | "cron" | "item" | "run" | "tape" | "thread";

/**
 * Makes what users wrote unreadable to whoever has nothing but the database or Redis. What is sealed twice differs. What
 * was changed since does not open.
 */
export interface Cipher {
  seal(kind: SealedKind, plain: Uint8Array): Promise<Uint8Array>;
  /** @throws CannotDecrypt, which names the key and never the content. */
  open(kind: SealedKind, sealed: Uint8Array): Promise<Uint8Array>;
  /** For many small things in a row that cannot wait; what it seals is opened by `open`. */
  sealer(kind: SealedKind): Promise<(plain: Uint8Array) => Uint8Array>;
}

/** What is encrypted, and how. */
export interface Encryption {
  readonly cipher: Cipher;
  /** Top-level keys of metadata, contexts and items whose values are sealed one by one. */
  readonly jsonKeys: ReadonlySet<string>;
}

/** Something is in the store that our keys do not open. */
export class CannotDecrypt extends Error {
  override readonly name = "CannotDecrypt";
}
