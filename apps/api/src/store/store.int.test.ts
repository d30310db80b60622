import { randomBytes } from "node:crypto";
import { embeddingFailed, type Embedder, makeLongTermMemory } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";

/** Two numbers per text: how often it says "tea", and how often "coffee". */
const count = (text: string) => Float32Array.of(text.split("tea").length - 1, text.split("coffee").length - 1);
const embedder: Embedder = {
  name: "test",
  dims: 2,
  fields: ["text"],
  embedDocuments: (texts) =>
    texts.includes("broken")
      ? Promise.reject(embeddingFailed("The embedder broke."))
      : Promise.resolve(texts.map(count)),
  embedQuery: (text) => Promise.resolve(count(text)),
};

let server: TestApi;
let indexed: TestApi;
beforeAll(async () => {
  server = await openApi();
  indexed = await openApi(async ({ storage: { items } }) => ({
    memory: makeLongTermMemory({ items, embedder, defaultTtlMinutes: 10, refreshOnRead: false }),
  }));
});
afterAll(() => Promise.all([server?.close(), indexed?.close()]));

type Namespace = readonly string[];
const put = (namespace: Namespace, key: string, value: object = {}, more: object = {}, on = server) =>
  on.call("PUT", "/store/items", { namespace, key, value, ...more });
const get = (namespace: string, key: string, more = "", on = server) =>
  on.call("GET", `/store/items?namespace=${namespace}&key=${key}${more}`);
const search = async (body: object, on = server) => {
  const { status, json, text } = await on.call("POST", "/store/items/search", body);
  if (status !== 200) throw new Error(text);
  return (json.items as { key: string; score?: number | null }[]).map(({ key, score }) =>
    score === undefined ? key : [key, score],
  );
};
const minutesLeft = async (on: TestApi, key: string) => {
  const { rows } = await on.ledger.pool.query<{ left: number | null }>(
    "select (extract(epoch from expires_at - now()) / 60)::float8 as left from store_items where key = $1",
    [key],
  );
  return rows[0]?.left ?? null;
};

describe("PUT and GET /store/items", () => {
  test("204, then the item; a second put keeps created_at and grows updated_at", async () => {
    const first = await put(["put", "x"], "k", { n: 1 });
    expect([first.status, first.text]).toEqual([204, ""]);
    const one = await get("put.x", "k");
    expect(one.status).toBe(200);
    expect(one.json).toEqual({
      namespace: ["put", "x"],
      key: "k",
      value: { n: 1 },
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });

    await put(["put", "x"], "k", { n: 2 });
    const two = await get("put.x", "k");
    expect(two.json).toMatchObject({ value: { n: 2 }, created_at: one.json.created_at });
    expect(Date.parse(two.json.updated_at)).toBeGreaterThan(Date.parse(one.json.updated_at));
  });

  test("the namespace comes joined, repeated or as JSON", async () => {
    await put(["forms", "a,b"], "k");
    for (const form of ["forms.a%2Cb", "forms&namespace=a%2Cb", "%5B%22forms%22%2C%22a%2Cb%22%5D"])
      expect((await get(form, "k")).json).toMatchObject({ namespace: ["forms", "a,b"] });
  });

  test("200 null: nothing there", async () => {
    for (const namespace of ["nowhere", "", "langgraph"]) {
      const { status, text } = await get(namespace, "k");
      expect([status, text]).toEqual([200, "null"]);
    }
    expect((await server.call("GET", "/store/items?key=k")).text).toBe("null");
  });

  test("200: null stands for the default", async () => {
    expect((await put(["nulls"], "k", {}, { ttl: null, index: null })).status).toBe(204);
  });

  test.each<[number, string, object]>([
    [400, "Namespace is required", { namespace: [], key: "k", value: {} }],
    [422, "namespace is required", { key: "k", value: {} }],
    [422, "key is required", { namespace: ["a"], value: {} }],
    [422, "value is required", { namespace: ["a"], key: "k" }],
    [422, "value must be object", { namespace: ["a"], key: "k", value: [1] }],
    [422, "namespace must be array", { namespace: "a", key: "k", value: {} }],
    [422, "ttl must be > 0", { namespace: ["a"], key: "k", value: {}, ttl: 0 }],
    [422, "ttl must be <= 525600000", { namespace: ["a"], key: "k", value: {}, ttl: 1e300 }],
    [422, "index must be false or a list of paths", { namespace: ["a"], key: "k", value: {}, index: true }],
    [
      422,
      "Namespace labels cannot be empty or contain periods. Received: a.b.c",
      { namespace: ["a.b", "c"], key: "k", value: {} },
    ],
    [
      422,
      "Namespace labels cannot be empty or contain periods. Received: a.",
      { namespace: ["a", ""], key: "k", value: {} },
    ],
    [
      422,
      'Root label for namespace cannot be "langgraph". Received: langgraph.a',
      { namespace: ["langgraph", "a"], key: "k", value: {} },
    ],
    [
      422,
      "namespace and key are too long: together they may have 2048 bytes",
      { namespace: ["a"], key: "k".repeat(3000), value: {} },
    ],
  ])("%i: %s", async (status, text, body) => {
    const answer = await server.call("PUT", "/store/items", body);
    expect([answer.status, answer.text]).toEqual([status, text]);
  });

  test("204: a place of the greatest length fits the database", async () => {
    const key = randomBytes(1019).toString("hex");
    expect((await put(["n"], key)).status).toBe(204);
    const labels = Array.from({ length: 220 }, (_, n) => (n % 10).toString());
    expect((await put(labels, "k")).status).toBe(204);
  });

  test("422 on GET: the key is missing, or a label is empty", async () => {
    expect((await server.call("GET", "/store/items?namespace=a")).text).toBe("key is required");
    const empty = await get("a..b", "k");
    expect([empty.status, empty.text]).toEqual([
      422,
      "Namespace labels cannot be empty or contain periods. Received: a..b",
    ]);
    expect((await get("a", "k", "&refresh_ttl=maybe")).status).toBe(422);
  });
});

describe("DELETE /store/items", () => {
  test("204 with a body, whether there was anything or not", async () => {
    await put(["del"], "k");
    for (const body of [{ namespace: ["del"], key: "k" }, { namespace: ["del"], key: "k" }, { key: "k" }]) {
      const { status, text } = await server.call("DELETE", "/store/items", body);
      expect([status, text]).toEqual([204, ""]);
    }
    expect((await get("del", "k")).text).toBe("null");
  });

  test("422: names the field", async () => {
    expect((await server.call("DELETE", "/store/items", {})).text).toBe("key is required");
    expect((await server.call("DELETE", "/store/items", { namespace: ["a.b"], key: "k" })).status).toBe(422);
  });
});

describe("POST /store/items/search", () => {
  beforeAll(async () => {
    await put(["find"], "one", { n: 1, tag: "x", deep: { a: [1] } });
    await put(["find", "sub"], "two", { n: 2, tag: "y" });
    await put(["find", "sub"], "three", { n: 3, tag: "x" });
    await put(["finder"], "other", { n: 1 });
  });

  test.each<[object, readonly string[]]>([
    [{}, ["three", "two", "one"]],
    [{ filter: { tag: "x" } }, ["three", "one"]],
    [{ filter: { deep: { a: [1] } } }, ["one"]],
    [{ filter: { n: { $gte: 2 } } }, ["three", "two"]],
    [{ filter: { n: { $gt: 1, $lt: 3 } } }, ["two"]],
    [{ filter: { n: { $in: [1, 3] }, tag: { $ne: "y" } } }, ["three", "one"]],
    [{ filter: { n: { $nin: [1, 3] } } }, ["two"]],
    [{ filter: { n: { $in: [] } } }, []],
    [{ filter: null, query: null, refresh_ttl: null }, ["three", "two", "one"]],
    [{ limit: 1, offset: 1 }, ["two"]],
    [{ namespace_prefix: ["find", "sub"] }, ["three", "two"]],
    [{ query: "orders nothing here" }, ["three", "two", "one"]],
  ])("%j", async (body, keys) => {
    expect(await search({ namespace_prefix: ["find"], ...body })).toEqual(keys);
  });

  test("an empty prefix, null or none is everything", async () => {
    for (const body of [{ namespace_prefix: [] }, { namespace_prefix: null }, {}])
      expect(await search({ ...body, limit: 1000 })).toContain("other");
  });

  test.each<[string, object]>([
    [
      "filter.n: Unknown filter operator $like; known are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin",
      { filter: { n: { $like: 1 } } },
    ],
    ["filter must be object", { filter: [] }],
    ["limit must be >= 1", { limit: 0 }],
    ["limit must be <= 1000", { limit: 1001 }],
    ["offset must be >= 0", { offset: -1 }],
    ["query must be string", { query: 5 }],
    ["namespace_prefix must be array", { namespace_prefix: "a" }],
    ["Namespace labels cannot be empty or contain periods. Received: a.b", { namespace_prefix: ["a.b"] }],
  ])("422: %s", async (problem, body) => {
    const { status, text } = await server.call("POST", "/store/items/search", body);
    expect([status, text]).toEqual([422, problem]);
  });

  test("no long list is too long for the database", async () => {
    const many = Array.from({ length: 70_000 }, (_, n) => n);
    expect(await search({ namespace_prefix: ["find"], filter: { n: { $in: many } } })).toEqual(["three", "two", "one"]);
  });
});

describe("POST /store/namespaces", () => {
  beforeAll(async () => {
    for (const path of ["ns/b/z", "ns/a/z", "ns/a/y", "ns/c"]) await put(path.split("/"), "k");
  });

  test.each<[object, readonly string[]]>([
    [{}, ["ns.a.y", "ns.a.z", "ns.b.z", "ns.c"]],
    [{ suffix: ["z"] }, ["ns.a.z", "ns.b.z"]],
    [{ prefix: ["ns", "*", "z"] }, ["ns.a.z", "ns.b.z"]],
    [{ suffix: ["a", "*"] }, ["ns.a.y", "ns.a.z"]],
    [{ max_depth: 2 }, ["ns.a", "ns.b", "ns.c"]],
    [{ limit: 1, offset: 1 }, ["ns.a.z"]],
    [{ suffix: null, max_depth: null }, ["ns.a.y", "ns.a.z", "ns.b.z", "ns.c"]],
  ])("%j", async (body, expected) => {
    const { status, json } = await server.call("POST", "/store/namespaces", { prefix: ["ns"], ...body });
    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(["namespaces"]);
    expect(json.namespaces.map((labels: string[]) => labels.join("."))).toEqual(expected);
  });

  test("422: names the field", async () => {
    const list = async (body: object) => (await server.call("POST", "/store/namespaces", body)).text;
    expect(await list({ max_depth: 0 })).toBe("max_depth must be >= 1");
    expect(await list({ prefix: ["a", ""] })).toMatch(/^Namespace labels cannot be empty/);
    expect(await list({ suffix: "a" })).toBe("suffix must be array");
  });
});

describe("time to live", () => {
  test("a put's own, the project's, or none", async () => {
    await put(["ttl"], "own", {}, { ttl: 0.5 }, indexed);
    await put(["ttl"], "project", {}, {}, indexed);
    await put(["ttl"], "none");
    expect(await minutesLeft(indexed, "own")).toBeCloseTo(0.5, 0);
    expect(await minutesLeft(indexed, "project")).toBeCloseTo(10, 0);
    expect(await minutesLeft(server, "none")).toBeNull();
  });

  test("expired items are invisible; a read refreshes when it, or the project, says so", async () => {
    await put(["aging"], "k", {}, { ttl: 4 }, indexed);
    const age = () =>
      indexed.ledger.pool.query("update store_items set expires_at = now() + interval '1 minute' where key = 'k'");
    const after = async (read: () => Promise<unknown>) => {
      await age();
      await read();
      return Math.round((await minutesLeft(indexed, "k")) ?? -1);
    };
    expect(await after(() => get("aging", "k", "", indexed))).toBe(1);
    expect(await after(() => get("aging", "k", "&refresh_ttl=true", indexed))).toBe(4);
    expect(await after(() => search({ namespace_prefix: ["aging"] }, indexed))).toBe(1);
    expect(await after(() => search({ namespace_prefix: ["aging"], refresh_ttl: true }, indexed))).toBe(4);

    await indexed.ledger.pool.query("update store_items set expires_at = now() where key = 'k'");
    expect((await get("aging", "k", "", indexed)).text).toBe("null");
    expect(await search({ namespace_prefix: ["aging"] }, indexed)).toEqual([]);
    const { json } = await indexed.call("POST", "/store/namespaces", { prefix: ["aging"] });
    expect(json).toEqual({ namespaces: [] });
  });
});

describe("search by meaning", () => {
  test("scores, nearest first; what is not indexed comes last without one", async () => {
    await put(["sem"], "hidden", { text: "tea" }, { index: false }, indexed);
    await put(["sem"], "tea", { text: "tea tea" }, {}, indexed);
    await put(["sem"], "both", { text: "tea and coffee" }, {}, indexed);
    await put(["sem"], "own", { text: "coffee", list: [{ x: "tea" }] }, { index: ["list[*].x"] }, indexed);

    const found = await search({ namespace_prefix: ["sem"], query: "tea", limit: 4 }, indexed);
    expect(found).toEqual([
      ["own", 1],
      ["tea", 1],
      ["both", expect.closeTo(Math.SQRT1_2)],
      ["hidden", null],
    ]);
    expect(await search({ namespace_prefix: ["sem"], query: "tea", filter: { text: "coffee" } }, indexed)).toEqual([
      ["own", 1],
    ]);
    expect(await search({ namespace_prefix: ["sem"] }, indexed)).toEqual(["own", "both", "tea", "hidden"]);
  });

  test("422: the embedder fails; what was there stays", async () => {
    await put(["kept"], "k", { text: "tea" }, {}, indexed);
    const { status, text } = await put(["kept"], "k", { text: "broken" }, {}, indexed);
    expect([status, text]).toEqual([422, "The embedder broke."]);
    expect((await get("kept", "k", "", indexed)).json.value).toEqual({ text: "tea" });
    expect(await search({ namespace_prefix: ["kept"], query: "tea" }, indexed)).toEqual([["k", 1]]);
  });
});
