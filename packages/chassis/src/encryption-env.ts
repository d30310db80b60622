import { Type } from "@sinclair/typebox";
import { type Env, loadEnv } from "./config.js";

/** Keys of what is encrypted at rest; a process that touches users' data spreads these into its own schema. */
export const EncryptionEnv = {
  LANGGRAPH_AES_KEY: Type.Optional(
    Type.String({
      description:
        "Key that encrypts checkpoints, states, requests and tapes: 16, 24 or 32 bytes, plain or as hex:… or base64:…",
    }),
  ),
  LANGGRAPH_AES_FALLBACK_KEYS: Type.String({
    default: "",
    description: "Earlier keys, separated by commas: what they encrypted can still be read",
  }),
  LANGGRAPH_AES_LEGACY_KEY: Type.Optional(
    Type.String({ description: "One more earlier key, as LANGGRAPH_AES_FALLBACK_KEYS" }),
  ),
  LANGGRAPH_AES_JSON_KEYS: Type.String({
    default: "",
    expected: "names of keys, separated by commas",
    description: "Keys of metadata, assistants' contexts and store items whose values are encrypted too",
  }),
  GRAPHFLEET_ENCRYPTION_MODE: Type.Union([Type.Literal("write"), Type.Literal("read")], {
    default: "write",
    description:
      "`read`: what is encrypted is read, and what is written stays plain, for the first step of turning encryption on",
  }),
};

const Schema = Type.Object(EncryptionEnv);

/**
 * What an environment says of encryption, as the domain's settings. A project may say it in variables of its own, so ask
 * when they are in place.
 *
 * @throws ConfigError
 */
export function encryptionSettings(from: Env) {
  const env = loadEnv(Schema, from);
  return {
    key: env.LANGGRAPH_AES_KEY,
    fallbackKeys: env.LANGGRAPH_AES_FALLBACK_KEYS,
    legacyKey: env.LANGGRAPH_AES_LEGACY_KEY,
    jsonKeys: env.LANGGRAPH_AES_JSON_KEYS,
    mode: env.GRAPHFLEET_ENCRYPTION_MODE,
  };
}
