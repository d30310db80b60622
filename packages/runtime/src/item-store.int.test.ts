import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { InMemoryStore } from "@langchain/langgraph";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { ItemStore, toConditions } from "./item-store.js";

let ledger: TestLedger;
let store: ItemStore;
beforeAll(async () => {
  ledger = await openLedger();
  store = new ItemStore(ledger.storage.items, { ttlMinutes: null, refreshOnRead: true });
});
afterAll(() => ledger.close());

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

test("an operator nobody knows is refused", () => {
  expect(() => toConditions({ a: { $like: "x" } })).toThrow("Unknown filter operator $like");
});
