import type { Cipher } from "./cipher.js";

/** Follows the type of what is sealed in a checkpoint, so that what was written before there was a key is told apart. */
export const SEALED_TYPE = "+sealed";

/** Something that a checkpointer serialised, with the name of its form. */
export interface Blob {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** As it should be stored today; the same blob when that is how it is. */
export async function renewBlob(cipher: Cipher, blob: Blob): Promise<Blob> {
  const { type, bytes } = blob;
  if (!type.endsWith(SEALED_TYPE))
    return cipher.seals ? { type: `${type}${SEALED_TYPE}`, bytes: await cipher.seal("checkpoint", bytes) } : blob;
  if (!cipher.seals) return { type: type.slice(0, -SEALED_TYPE.length), bytes: await cipher.open("checkpoint", bytes) };
  const renewed = await cipher.renew("checkpoint", bytes);
  return renewed === null ? blob : { type, bytes: renewed };
}
