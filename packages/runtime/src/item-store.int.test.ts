import { type Embedder, makeLongTermMemory } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { InMemoryStore } from "@langchain/langgraph";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { ItemStore } from "./item-store.js";
import { makeEmbedder } from "./project/load-embedder.js";

let ledger: TestLedger;
let store: ItemStore;
beforeAll(async () => {
  ledger = await openLedger();
  store = storeWith(null);
});
afterAll(() => ledger.close());

function storeWith(embedder: Embedder | null): ItemStore {
  const { items } = ledger.storage;
  return new ItemStore(makeLongTermMemory({ items, embedder, defaultTtlMinutes: null, refreshOnRead: true }));
}

/** Does the same to a store of the library and to ours, and returns what both said. */
async function both<T>(root: string, work: (store: BaseStore) => Promise<T>): Promise<readonly [T, T]> {
  await ledger.pool.query("delete from store_items where namespace[1] = $1", [root]);
  return [await work(new InMemoryStore()), await work(store)];
}

const plain = (items: readonly { namespace: readonly string[]; key: string; value: object }[]) =>
  items.map(({ namespace, key, value }) => ({ namespace, key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1));

test("puts, gets and deletes as the library's store does", async () => {
  const [theirs, ours] = await both("basics", async (it) => {
    await it.put(["basics", "a"], "k", { v: 1 });
    await it.put(["basics", "a"], "k", { v: 2 });
    await it.put(["basics", "a"], "gone", { v: 0 });
    await it.delete(["basics", "a"], "gone");
    return [
      plain([(await it.get(["basics", "a"], "k"))!]),
      await it.get(["basics", "a"], "gone"),
      await it.get(["basics"], "k"),
    ];
  });
  expect(ours).toEqual(theirs);
});

test("searches by prefix and filter as the library's store does", async () => {
  const [theirs, ours] = await both("search", async (it) => {
    for (const [key, value] of Object.entries({ a: { n: 1, t: "x" }, b: { n: 2, t: "y" }, c: { n: 3, t: "x" } })) {
      await it.put(["search", key === "c" ? "deep" : "flat"], key, value);
    }
    return Promise.all(
      [
        {},
        { filter: { t: "x" } },
        { filter: { n: { $gt: 1 } } },
        { filter: { n: { $gte: 2, $lt: 3 } } },
        { filter: { t: { $ne: "x" } } },
        { query: "ignored without an index", filter: { n: 3 } },
      ].map(async (options) => plain(await it.search(["search"], options))),
    );
  });
  expect(ours).toEqual(theirs);
});

test("lists namespaces as the library's store does", async () => {
  const [theirs, ours] = await both("names", async (it) => {
    for (const labels of [
      ["names", "a", "x"],
      ["names", "a", "y"],
      ["names", "b", "x"],
    ])
      await it.put(labels, "k", { v: 1 });
    return Promise.all([
      it.listNamespaces({ prefix: ["names"] }),
      it.listNamespaces({ prefix: ["names", "a"] }),
      it.listNamespaces({ prefix: ["names"], suffix: ["x"] }),
      it.listNamespaces({ prefix: ["names"], maxDepth: 2 }),
      it.listNamespaces({ prefix: ["names"], limit: 1, offset: 1 }),
    ]);
  });
  expect(ours).toEqual(theirs);
});

test("a batch takes effect in its order", async () => {
  const [before, , after] = await store.batch([
    { namespace: ["order"], key: "k" },
    { namespace: ["order"], key: "k", value: { v: 1 } },
    { namespace: ["order"], key: "k" },
  ]);
  expect(before).toBeNull();
  expect(after).toMatchObject({ value: { v: 1 } });
});

test("what jsonb refuses is taken out", async () => {
  await store.put(["odd"], "k", { text: "a\0b", when: new Date(0) });
  expect((await store.get(["odd"], "k"))?.value).toEqual({ text: "ab", when: "1970-01-01T00:00:00.000Z" });
});

test("an operator nobody knows is refused", async () => {
  await expect(store.search(["odd"], { filter: { a: { $like: "x" } } })).rejects.toThrow(
    "Unknown filter operator $like",
  );
});

test("a filter by nothing finds nothing", async () => {
  await store.put(["whose"], "k", { owner: "ann" });
  expect(await store.search(["whose"], { filter: { owner: undefined } })).toEqual([]);
});

describe("with an index", () => {
  const WORDS = ["tea", "coffee", "bread", "cheese"];
  /** How often each word is said. */
  const countWords = (text: string) => WORDS.map((word) => text.split(word).length - 1);
  const embeddings = {
    embedDocuments: (texts: string[]) => Promise.resolve(texts.map(countWords)),
    embedQuery: (text: string) => Promise.resolve(countWords(text)),
  };
  const FIELDS = ["text", "notes[*].text"];

  test("finds and scores as the library's store does", async () => {
    // Only `embedDocuments` and `embedQuery` of the library's class are ever called.
    const theirs = new InMemoryStore({ index: { dims: 4, embeddings: embeddings as never, fields: FIELDS } });
    const ours = storeWith(makeEmbedder(embeddings, { name: "words", dims: 4, fields: FIELDS }));
    const asked = async (it: BaseStore) => {
      await it.put(["near"], "a", { text: "tea and more tea, and coffee" });
      await it.put(["near"], "b", { text: "bread", notes: [{ text: "cheese" }, { text: "tea with cheese" }] });
      await it.put(["near", "deep"], "c", { text: "coffee", n: 1 });
      await it.put(["near"], "d", { text: "tea" }, false);
      await it.put(["near"], "e", { other: "tea", text: "bread" }, ["other"]);
      const found = [];
      for (const options of [
        { query: "tea" },
        { query: "tea and cheese", limit: 2 },
        { query: "cheese", limit: 1, offset: 1 },
        { query: "coffee", filter: { n: 1 } },
      ]) {
        const items = await it.search(["near"], options);
        found.push(items.map(({ key, score }) => [key, score === undefined ? null : Number(score.toFixed(6))]));
      }
      return found;
    };

    const expected = await asked(theirs);
    expect(expected[0]?.[0]).toEqual(["e", 1]);
    // Where nothing tells items apart the library has the oldest first, we the newest.
    const unordered = (found: unknown[][]) => found.map((items) => items.map(String).toSorted());
    const [first, , , last] = unordered(expected);
    const [ourFirst, , , ourLast] = unordered(await asked(ours));
    expect([ourFirst, ourLast]).toEqual([first, last]);
  });

  test("an embedder that fails leaves what was there", async () => {
    const broken = storeWith(
      makeEmbedder(
        {
          embedDocuments: () => Promise.reject(new TypeError("no model")),
          embedQuery: () => Promise.reject(new TypeError("no model")),
        },
        { name: "words", dims: 4, fields: FIELDS },
      ),
    );
    await store.put(["kept"], "k", { text: "tea" });

    await expect(broken.put(["kept"], "k", { text: "coffee" })).rejects.toThrow(
      'The embedder "words" failed: TypeError: no model',
    );
    await expect(broken.search(["kept"], { query: "tea" })).rejects.toThrow("no model");

    expect((await broken.get(["kept"], "k"))?.value).toEqual({ text: "tea" });
    await broken.put(["kept"], "k", { text: "coffee" }, false);
    expect((await broken.get(["kept"], "k"))?.value).toEqual({ text: "coffee" });
  });
});
