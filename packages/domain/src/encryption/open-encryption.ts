import { AesCipher } from "./aes-cipher.js";
import { readAesKey } from "./aes-key.js";
import type { Encryption } from "./cipher.js";
import { HandlerCipher } from "./handler-cipher.js";
import type { EncryptionHandlers } from "./handlers.js";
import { isSystemKey } from "./system-keys.js";

/** What the environment says of encryption; lists are separated by commas. */
export interface EncryptionSettings {
  readonly key: string | undefined;
  readonly fallbackKeys: string;
  readonly legacyKey: string | undefined;
  readonly jsonKeys: string;
  /** `read`: what is encrypted is read, and nothing is encrypted. Else `write`. */
  readonly mode?: "read" | "write";
}

/**
 * Encryption by the project's handlers, else with AES; null when there is neither. What was encrypted with AES can be read
 * beside handlers, too.
 *
 * @throws Error naming the variable, when a key is none, or older keys come without a current one
 */
export function openEncryption(settings: EncryptionSettings, handlers: EncryptionHandlers | null = null) {
  const { key, fallbackKeys, legacyKey, jsonKeys, mode = "write" } = settings;
  const seals = mode === "write";
  const older = listed(fallbackKeys).map((text) => readAesKey("LANGGRAPH_AES_FALLBACK_KEYS", text));
  if (legacyKey !== undefined) older.push(readAesKey("LANGGRAPH_AES_LEGACY_KEY", legacyKey));
  const named = new Set(listed(jsonKeys).filter((name) => !isSystemKey(name)));

  const keys = key === undefined ? older : [readAesKey("LANGGRAPH_AES_KEY", key), ...older];
  const [first, ...others] = keys;
  const aes = first === undefined ? null : new AesCipher(first, others, seals);
  if (handlers !== null) return encryption(new HandlerCipher({ handlers, aes, seals }), named);
  if (key === undefined && (older.length > 0 || listed(jsonKeys).length > 0))
    throw new Error(
      "LANGGRAPH_AES_KEY is missing: the other LANGGRAPH_AES_ variables need it. A process that shall only read what others " +
        "encrypted has GRAPHFLEET_ENCRYPTION_MODE=read besides.",
    );
  return aes && encryption(aes, named);
}

const encryption = (cipher: Encryption["cipher"], jsonKeys: ReadonlySet<string>): Encryption => ({ cipher, jsonKeys });

const listed = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
