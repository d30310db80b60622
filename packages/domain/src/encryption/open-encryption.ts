import { AesCipher } from "./aes-cipher.js";
import { readAesKey } from "./aes-key.js";
import type { Encryption } from "./cipher.js";

/** What the environment says of encryption; lists are separated by commas. */
export interface EncryptionSettings {
  readonly key: string | undefined;
  readonly fallbackKeys: string;
  readonly legacyKey: string | undefined;
  readonly jsonKeys: string;
}

/** What the server itself reads, filters by or joins on. */
const SYSTEM_KEYS = new Set([
  "assistant_id",
  "checkpoint_id",
  "checkpoint_ns",
  "created_by",
  "cron_id",
  "graph_id",
  "run_attempt",
  "run_id",
  "thread_id",
]);
const isSystemKey = (key: string): boolean =>
  SYSTEM_KEYS.has(key) || key.startsWith("langgraph_") || key.startsWith("__");

/**
 * Encryption with AES, or null when there is no key.
 *
 * @throws Error naming the variable, when a key is none, or older keys come without a current one
 */
export function openEncryption({ key, fallbackKeys, legacyKey, jsonKeys }: EncryptionSettings): Encryption | null {
  const older = listed(fallbackKeys).map((text) => readAesKey("LANGGRAPH_AES_FALLBACK_KEYS", text));
  if (legacyKey !== undefined) older.push(readAesKey("LANGGRAPH_AES_LEGACY_KEY", legacyKey));
  const named = listed(jsonKeys);
  if (key === undefined) {
    if (older.length > 0 || named.length > 0) {
      throw new Error("LANGGRAPH_AES_KEY is missing: the other LANGGRAPH_AES_ variables need it.");
    }
    return null;
  }
  return {
    cipher: new AesCipher(readAesKey("LANGGRAPH_AES_KEY", key), older),
    jsonKeys: new Set(named.filter((name) => !isSystemKey(name))),
  };
}

const listed = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
