import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadEncryption } from "./load-encryption.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-encryption-"));
  const files = {
    "encryption.ts": `
      const blob = async (context: object, bytes: Uint8Array): Promise<Uint8Array> => bytes;
      const json = async (context: object, object: object): Promise<object> => object;
      export const bytes = { encrypt: { blob }, decrypt: { blob } };
      export class Encryption { encrypt = { blob, json }; decrypt = { blob, json }; context() { return {}; } }
      export const all = new Encryption();
      export const number = 5;
      export const oneWay = { encrypt: { blob } };
      export const halfJson = { encrypt: { blob, json }, decrypt: { blob } };
      export const odd = { encrypt: { blob, json: 1 }, decrypt: { blob, json } };
      export const oddContext = { encrypt: { blob }, decrypt: { blob }, context: {} };`,
    "throws.ts": `throw new Error("no key server");`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const load = (exportName: string, written = "encryption.ts") =>
  loadEncryption({
    configPath: "langgraph.json",
    dir,
    encryption: { target: { file: path.join(dir, written), written: `./${written}`, exportName } },
  });

test("a project without encryption has none", async () => {
  await expect(loadEncryption({ configPath: "langgraph.json", dir, encryption: null })).resolves.toBeNull();
});

test("handlers are members of an object, or of one of a class", async () => {
  const context = { model: null, field: null, metadata: {} };
  const bytes = Uint8Array.of(1);
  expect(await (await load("bytes"))?.encrypt.blob(context, bytes)).toEqual(bytes);
  expect(await (await load("all"))?.context?.(null, context)).toEqual({});
});

test.each([
  ["missing", './encryption.ts:missing: ./encryption.ts has no export "missing"'],
  ["number", "./encryption.ts:number has no function encrypt.blob"],
  ["oneWay", "./encryption.ts:oneWay has no function decrypt.blob"],
  ["halfJson", "./encryption.ts:halfJson has one of encrypt.json and decrypt.json without the other"],
  ["odd", "./encryption.ts:odd: encrypt.json is no function"],
  ["oddContext", "./encryption.ts:oddContext: context is no function"],
])("the export %s stops the start", async (name, message) => {
  await expect(load(name)).rejects.toThrow(`langgraph.json: Failed to load encryption: ${message}`);
});

test("a module that throws stops the start", async () => {
  await expect(load("all", "throws.ts")).rejects.toThrow("./throws.ts:all: no key server");
});
