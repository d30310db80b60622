import { type Cipher, SEALED_TYPE } from "@graphfleet/domain";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

/**
 * A serializer whose bytes are sealed: everything that a graph keeps in its checkpoints goes through it. What was written
 * in plain stays readable. Without a cipher it is the serializer itself.
 */
export function sealedSerde(serde: SerializerProtocol, cipher: Cipher | null | undefined): SerializerProtocol {
  if (!cipher) return serde;
  return {
    async dumpsTyped(value) {
      const [type, bytes] = await serde.dumpsTyped(value);
      return cipher.seals ? [`${type}${SEALED_TYPE}`, await cipher.seal("checkpoint", bytes)] : [type, bytes];
    },
    async loadsTyped(type, data) {
      // Like every serializer, this one is given bytes or text; only bytes were ever sealed.
      if (!type.endsWith(SEALED_TYPE) || typeof data === "string")
        return serde.loadsTyped(type, data) as Promise<unknown>;
      return serde.loadsTyped(
        type.slice(0, -SEALED_TYPE.length),
        await cipher.open("checkpoint", data),
      ) as Promise<unknown>;
    },
  };
}
