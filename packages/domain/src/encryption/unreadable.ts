import { CannotDecrypt } from "./cipher.js";
import { EncryptionFailed } from "./handlers.js";

/** What users wrote into a row does not open: a key is missing, or a handler refuses. */
export type Unreadable = CannotDecrypt | EncryptionFailed;

export const isUnreadable = (error: unknown): error is Unreadable =>
  error instanceof CannotDecrypt || error instanceof EncryptionFailed;

/**
 * Opens a row that somebody holds and has to get rid of, whether it can be read or not. One that does not open comes as it
 * is stored, and says why.
 */
export async function openOrTell<Row extends object>(
  row: Row,
  open: (row: Row) => Promise<Row>,
): Promise<Row | (Row & { readonly unreadable: Unreadable })> {
  try {
    return await open(row);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { ...row, unreadable: error };
  }
}
