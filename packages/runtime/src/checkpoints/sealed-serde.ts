import type { Cipher } from "@graphfleet/domain";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

/** Follows the type of what is sealed, so that rows from before there was a key are told apart. */
const SEALED = "+sealed";

/**
 * A serializer whose bytes are sealed: everything that a graph keeps in its checkpoints goes through it. What was written
 * in plain stays readable. Without a cipher it is the serializer itself.
 */
export function sealedSerde(serde: SerializerProtocol, cipher: Cipher | null | undefined): SerializerProtocol {
  if (!cipher) return serde;
  return {
    async dumpsTyped(value) {
      const [type, bytes] = await serde.dumpsTyped(value);
      return [`${type}${SEALED}`, await cipher.seal("checkpoint", bytes)];
    },
    async loadsTyped(type, data) {
      // Like every serializer, this one is given bytes or text; only bytes were ever sealed.
      if (!type.endsWith(SEALED) || typeof data === "string") return serde.loadsTyped(type, data) as Promise<unknown>;
      return serde.loadsTyped(type.slice(0, -SEALED.length), await cipher.open("checkpoint", data)) as Promise<unknown>;
    },
  };
}
