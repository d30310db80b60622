/** Encryption with a key for each tenant: requests say in X-Encryption-Context whose they are. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

interface Context {
  readonly model: string | null;
  readonly field: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}
type Json = Record<string, unknown>;

const TENANTS = new Set(["acme", "globex", "nobody"]);
/** Of what is searched by. */
const OPEN = new Set(["kind"]);
const MARK = "enc:";

function keyOf({ metadata }: Context): Buffer {
  const tenant = String(metadata.tenant ?? "nobody");
  if (!TENANTS.has(tenant)) throw new Error(`no key for ${tenant}`);
  return createHmac("sha256", process.env.TENANT_SECRET ?? "")
    .update(tenant)
    .digest();
}

function seal(context: Context, plain: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(context), nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(context: Context, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", keyOf(context), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

const each = (object: Json, change: (key: string, value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]));

export const encryption = {
  encrypt: {
    async blob(context: Context, plain: Uint8Array) {
      if (Buffer.from(plain).includes("poison")) throw new Error(`cannot encrypt ${Buffer.from(plain).toString()}`);
      return seal(context, plain);
    },
    json: async (context: Context, plain: Json) =>
      each(plain, (key, value) =>
        OPEN.has(key) ? value : `${MARK}${seal(context, Buffer.from(JSON.stringify(value))).toString("base64")}`,
      ),
  },
  decrypt: {
    blob: async (context: Context, sealed: Uint8Array) => open(context, sealed),
    json: async (context: Context, sealed: Json) =>
      each(sealed, (_key, value) =>
        typeof value === "string" && value.startsWith(MARK)
          ? (JSON.parse(open(context, Buffer.from(value.slice(MARK.length), "base64")).toString()) as unknown)
          : value,
      ),
  },
  context: async (user: Json | null, { metadata }: Context) => ({ ...metadata, by: user?.identity ?? "anybody" }),
};
