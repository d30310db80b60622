import { CannotDecrypt, openEncryption } from "@graphfleet/domain";
import { HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import { sealedSerde } from "./sealed-serde.js";

const cipherOf = (letter: string, fallbackKeys = "") =>
  openEncryption({ key: letter.repeat(32), fallbackKeys, legacyKey: undefined, jsonKeys: "" })?.cipher;
const plain = new MemorySaver().serde;

test("keeps values unreadable, and gives them back as the objects they were", async () => {
  const serde = sealedSerde(plain, cipherOf("a"));
  const [type, bytes] = await serde.dumpsTyped(new HumanMessage("a canary"));
  expect(type).toBe("json+sealed");
  expect(Buffer.from(bytes).includes("canary")).toBe(false);
  const message = (await serde.loadsTyped(type, bytes)) as HumanMessage;
  expect(message).toBeInstanceOf(HumanMessage);
  expect(message.content).toBe("a canary");
});

test("keeps bytes as bytes", async () => {
  const serde = sealedSerde(plain, cipherOf("a"));
  const [type, bytes] = await serde.dumpsTyped(Uint8Array.of(1, 2, 3));
  expect(type).toBe("bytes+sealed");
  expect([...((await serde.loadsTyped(type, bytes)) as Uint8Array)]).toEqual([1, 2, 3]);
});

test("reads what was written before there was a key", async () => {
  const [type, bytes] = await plain.dumpsTyped({ a: 1 });
  expect(await sealedSerde(plain, cipherOf("a")).loadsTyped(type, bytes)).toEqual({ a: 1 });
});

test("reads with an older key, and not without it", async () => {
  const [type, bytes] = await sealedSerde(plain, cipherOf("a")).dumpsTyped({ a: 1 });
  expect(await sealedSerde(plain, cipherOf("b", "a".repeat(32))).loadsTyped(type, bytes)).toEqual({ a: 1 });
  await expect(sealedSerde(plain, cipherOf("b")).loadsTyped(type, bytes)).rejects.toThrow(CannotDecrypt);
});

test("without a key it is the serializer itself", () => {
  expect(sealedSerde(plain, null)).toBe(plain);
});
