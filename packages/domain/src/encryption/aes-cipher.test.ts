import { AesCipher } from "./aes-cipher.js";
import { readAesKey } from "./aes-key.js";
import { CannotDecrypt } from "./cipher.js";

const key = (letter: string, bytes = 32) => readAesKey("LANGGRAPH_AES_KEY", letter.repeat(bytes));
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (plain: Uint8Array) => new TextDecoder().decode(plain);

test.each([16, 24, 32])("opens what it sealed, with a key of %i bytes", async (size) => {
  const cipher = new AesCipher(key("k", size));
  const sealed = await cipher.seal("thread", bytes("a canary"));
  expect(Buffer.from(sealed).includes("canary")).toBe(false);
  expect(text(await cipher.open("thread", sealed))).toBe("a canary");
  expect(text(await cipher.open("thread", (await cipher.sealer("thread"))(bytes(""))))).toBe("");
});

test("seals the same thing differently each time", async () => {
  const cipher = new AesCipher(key("k"));
  const [one, other] = await Promise.all([cipher.seal("tape", bytes("x")), cipher.seal("tape", bytes("x"))]);
  expect(one).not.toEqual(other);
});

test("opens what an older key sealed, and seals with the current one", async () => {
  const before = new AesCipher(key("a"));
  const after = new AesCipher(key("b"), [key("a")]);
  expect(text(await after.open("run", await before.seal("run", bytes("old"))))).toBe("old");
  await expect(before.open("run", await after.seal("run", bytes("new")))).rejects.toThrow(key("b").id);
});

test("names the key that is missing, and shows nothing of the content", async () => {
  const sealed = await new AesCipher(key("a")).seal("thread", bytes("a canary"));
  const opening = new AesCipher(key("b")).open("thread", sealed);
  await expect(opening).rejects.toThrow(CannotDecrypt);
  await expect(opening).rejects.toThrow(`encrypted with key ${key("a").id}, and the keys here are ${key("b").id}`);
  await expect(opening).rejects.not.toThrow("canary");
});

test("refuses what was changed in any byte, cut, or moved to another kind of row", async () => {
  const cipher = new AesCipher(key("k"));
  const sealed = await cipher.seal("checkpoint", bytes("v"));
  for (const index of sealed.keys()) {
    const changed = Uint8Array.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await expect(cipher.open("checkpoint", changed)).rejects.toThrow(CannotDecrypt);
  }
  await expect(cipher.open("checkpoint", sealed.subarray(0, -1))).rejects.toThrow(CannotDecrypt);
  await expect(cipher.open("checkpoint", sealed.subarray(0, 8))).rejects.toThrow("not one of our envelopes");
  await expect(cipher.open("thread", sealed)).rejects.toThrow("another kind of row");
});
