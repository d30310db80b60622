import { CannotDecrypt, type SealedKind } from "./cipher.js";

/** The first byte of what is sealed with a key of ours. */
export const AES_ENVELOPE = 1;
/** Of what a project's own handlers sealed. */
export const HANDLER_ENVELOPE = 2;
/** Of what is sealed with a key that those handlers sealed. */
export const DATA_KEY_ENVELOPE = 3;

/** Something was sealed by handlers that this process does not have. */
export const needsHandlers = (kind: SealedKind | "value"): CannotDecrypt =>
  new CannotDecrypt(
    `A ${kind} cannot be decrypted: it was encrypted by the project's own code, and encryption.path of langgraph.json names none here`,
  );
