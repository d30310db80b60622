import { readAesKey } from "./aes-key.js";
import { openEncryption } from "./open-encryption.js";

const SETTINGS = { key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "" };
const KEY = "0123456789abcdef0123456789abcdef";
const plain = new TextEncoder().encode("x");

test("is off without a key", () => {
  expect(openEncryption(SETTINGS)).toBeNull();
});

test("refuses older keys, and JSON keys, without a current key", () => {
  expect(() => openEncryption({ ...SETTINGS, fallbackKeys: KEY })).toThrow("LANGGRAPH_AES_KEY is missing");
  expect(() => openEncryption({ ...SETTINGS, jsonKeys: "note" })).toThrow("LANGGRAPH_AES_KEY is missing");
});

test("reads with fallback keys and the legacy key", async () => {
  const [first, second, third] = ["a", "b", "c"].map((letter) => letter.repeat(32));
  const now = openEncryption({ ...SETTINGS, key: KEY, fallbackKeys: `${first}, ${second}`, legacyKey: third });
  for (const key of [first, second, third]) {
    const sealed = await openEncryption({ ...SETTINGS, key })?.cipher.seal("run", plain);
    expect(await now?.cipher.open("run", sealed ?? plain)).toEqual(Buffer.from(plain));
  }
});

test("never seals keys that the server needs itself", () => {
  const jsonKeys = "note, graph_id,thread_id,langgraph_auth_user,__x, email";
  expect([...(openEncryption({ ...SETTINGS, key: KEY, jsonKeys })?.jsonKeys ?? [])]).toEqual(["note", "email"]);
});

test("a key may be written in three ways", () => {
  const bytes = Buffer.from(KEY);
  const { id } = readAesKey("K", KEY);
  for (const written of [bytes.toString("hex"), bytes.toString("base64"), `hex:${bytes.toString("hex")}`]) {
    expect(readAesKey("K", written).id).toBe(id);
  }
  expect(readAesKey("K", `base64:${bytes.subarray(0, 16).toString("base64")}`).algorithm).toBe("aes-128-gcm");
});

test("says which variable holds no key, and not what it holds", () => {
  const reading = () => openEncryption({ ...SETTINGS, key: KEY, fallbackKeys: "too-short-secret!" });
  expect(reading).toThrow(/^LANGGRAPH_AES_FALLBACK_KEYS must be a key of 16, 24 or 32 bytes/);
  expect(reading).not.toThrow("too-short-secret");
});
