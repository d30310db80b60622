import type { Json, JsonObject } from "../src/json.js";
import type { EncryptionContext, EncryptionHandlers } from "../src/encryption/handlers.js";

/** Handlers that hide nothing from anybody who can count: they turn bytes around, and write down for whom. */
export function tenantHandlers({ secrets = ["note"], mark = "v1" } = {}) {
  const calls: EncryptionContext[] = [];
  const seen = (context: EncryptionContext) => void calls.push(context);
  const turned = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x55);
  const prefix = (context: EncryptionContext) =>
    `${mark}:${JSON.stringify(context.metadata["tenant"])?.replaceAll('"', "")}:`;
  const handlers: EncryptionHandlers = {
    encrypt: {
      blob: async (context, plain) => (seen(context), turned(plain)),
      json: async (context, plain) => (seen(context), each(plain, (text) => `${prefix(context)}${reverse(text)}`)),
    },
    decrypt: {
      blob: async (context, sealed) => (seen(context), turned(sealed)),
      json: async (context, sealed) => {
        seen(context);
        return each(sealed, (text) => reverse(text.slice(text.lastIndexOf(":") + 1)));
      },
    },
    context: (user, { metadata }) => ({ ...metadata, by: user?.["identity"] ?? null }),
  };
  const each = (object: JsonObject, change: (text: string) => string): JsonObject =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]): [string, Json] => [
        key,
        secrets.includes(key) && typeof value === "string" ? change(value) : value,
      ]),
    );
  return { handlers, calls };
}

const reverse = (text: string): string => text.split("").toReversed().join("");
