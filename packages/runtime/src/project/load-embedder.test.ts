import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadEmbedder, makeEmbedder } from "./load-embedder.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-embedder-"));
  const provider = path.join(dir, "with-openai/node_modules/@langchain/openai");
  await mkdir(provider, { recursive: true });
  await mkdir(path.join(dir, "keyless/node_modules/@langchain/openai"), { recursive: true });
  const files = {
    "embed.ts": `
      export const embed = async (texts: string[]): Promise<number[][]> => texts.map((text) => [text.length, 1]);
      export const typed = (texts: string[]) => texts.map((text) => Float64Array.of(text.length, 2));
      export const object = { embedDocuments: embed, embedQuery: async () => [7, 7] };
      export const number = 5;`,
    "with-openai/node_modules/@langchain/openai/index.js": `
      exports.OpenAIEmbeddings = class {
        constructor(settings) { this.settings = settings; }
        async embedDocuments(texts) { return texts.map(() => [this.settings.dimensions ?? 0, this.settings.model.length]); }
        async embedQuery() { return [1, 2]; }
      };`,
    "keyless/node_modules/@langchain/openai/index.js":
      "exports.OpenAIEmbeddings = class { constructor() { throw new Error('OPENAI_API_KEY is missing'); } };",
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const load = (embed: string, at = ".", dims = 2) =>
  loadEmbedder({
    configPath: "langgraph.json",
    dir: path.resolve(dir, at),
    store: { index: { embed, dims, fields: ["text"] } },
  });
const plain = (vectors: readonly Float32Array[] | undefined) => vectors?.map((vector) => [...vector]);

test("no index, no embedder", async () => {
  expect(await loadEmbedder({ configPath: "langgraph.json", dir, store: {} })).toBeNull();
});

test("a function of the project embeds documents and queries", async () => {
  const embedder = await load("./embed.ts:embed");
  expect(embedder).toMatchObject({ name: "./embed.ts:embed", dims: 2, fields: ["text"] });
  expect(plain(await embedder?.embedDocuments(["a", "abc"]))).toEqual([
    [1, 1],
    [3, 1],
  ]);
  expect([...((await embedder?.embedQuery("ab")) ?? [])]).toEqual([2, 1]);
  expect(plain(await (await load("embed.ts:typed"))?.embedDocuments(["a"]))).toEqual([[1, 2]]);
});

test("so does an object in LangChain's form", async () => {
  expect([...((await (await load("./embed.ts:object"))?.embedQuery("ab")) ?? [])]).toEqual([7, 7]);
});

test("a provider's package is the project's own", async () => {
  const embedder = await load("openai:text-embedding-3-small", "with-openai");
  expect(plain(await embedder?.embedDocuments(["a"]))).toEqual([[2, "text-embedding-3-small".length]]);
  const older = await load("openai:text-embedding-ada-002", "with-openai");
  expect(plain(await older?.embedDocuments(["a"]))).toEqual([[0, "text-embedding-ada-002".length]]);
});

test.each([
  ["./embed.ts:nope", ".", 'which does not load: ./embed.ts has no export "nope"'],
  ["./missing.ts:embed", ".", "which does not load: ./missing.ts does not exist"],
  ["./embed.ts:number", ".", "which is neither an async function"],
  ["openai:text-embedding-3-small", ".", "which needs the package @langchain/openai. Install it in"],
  ["openai:text-embedding-3-small", "keyless", "which cannot be used: OPENAI_API_KEY is missing"],
  ["cohere:x", ".", 'but it must be "openai:<model>", or an embedding function'],
  ["openai", ".", 'but it must be "openai:<model>"'],
])("%s in %s cannot be served", async (embed, at, problem) => {
  await expect(load(embed, at)).rejects.toThrow(problem);
});

describe("what is no embedding is refused", () => {
  const giving = (given: unknown) =>
    makeEmbedder(
      { embedDocuments: async () => given, embedQuery: async () => (Array.isArray(given) ? given[0] : given) },
      { name: "it", dims: 2, fields: [] },
    );

  test.each([
    ["nothing", undefined, 'The embedder "it" gave no list for 1 texts.'],
    ["too few", [], 'The embedder "it" gave 0 vectors for 1 texts.'],
    ["another length", [[1]], "gave 1 numbers for a text, but store.index.dims is 2"],
    ["no number", [[1, "x"]], "something that is no number"],
    ["more than a float holds", [[1, 1e300]], "something that is no number"],
  ])("%s", async (_what, given, problem) => {
    await expect(giving(given).embedDocuments(["a"])).rejects.toMatchObject({
      code: "embedding_failed",
      message: expect.stringContaining(problem),
    });
  });

  test("and so is a failure, by its own words", async () => {
    const failing = makeEmbedder(
      {
        embedDocuments: () => Promise.reject(new RangeError("too long")),
        embedQuery: () => Promise.reject(new RangeError("too long")),
      },
      { name: "it", dims: 2, fields: [] },
    );
    const failure = { code: "embedding_failed", message: 'The embedder "it" failed: RangeError: too long' };
    await expect(failing.embedDocuments(["a"])).rejects.toMatchObject(failure);
    await expect(failing.embedQuery("a")).rejects.toMatchObject(failure);
  });
});
