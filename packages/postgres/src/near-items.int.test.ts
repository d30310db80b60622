import { type JsonObject, WHOLE_HOUSE } from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const KEEP = { refreshTtl: false };

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const put = (namespace: string, key: string, vectors: readonly number[][] | null, value: JsonObject = {}) =>
  ledger.storage.items.put(
    {
      namespace: [namespace],
      key,
      value,
      ttlMinutes: 5,
      ...(vectors === null ? {} : { vectors: vectors.map((numbers) => Float32Array.from(numbers)) }),
    },
    WHOLE_HOUSE,
  );
const find = async (namespace: string, near: readonly number[], more: object = {}, scope = WHOLE_HOUSE) => {
  const query = { prefix: [namespace], conditions: [], limit: 10, offset: 0, near: Float32Array.from(near), ...more };
  const found = await ledger.storage.items.searchNear(query, KEEP, scope);
  return found.map(({ key, score }) => [key, typeof score === "number" ? Number(score.toFixed(4)) : score]);
};
const vectorsOf = async (namespace: string) => {
  const { rows } = await ledger.pool.query<{ embedding: number[] }>(
    "select embedding from store_vectors where namespace = $1 order by seq",
    [[namespace]],
  );
  return rows.map(({ embedding }) => embedding);
};

test("nearest first, by each item's nearest vector; items without vectors last", async () => {
  await put("order", "none", []);
  await put("order", "right", [[1, 0]]);
  await put("order", "up", [[0, 5]]);
  await put("order", "both", [
    [-1, 0],
    [3, 4],
  ]);
  await put("order", "nowhere", [[0, 0]]);
  await put("order", "longer", [[1, 0, 0]]);

  expect(await find("order", [1, 0])).toEqual([
    ["right", 1],
    ["both", 0.6],
    ["nowhere", 0],
    ["up", 0],
    ["longer", null],
    ["none", null],
  ]);
  // The second time they come from this process's memory.
  expect(await find("order", [0, 1], { limit: 2, offset: 1 })).toEqual([
    ["both", 0.8],
    ["nowhere", 0],
  ]);
  expect(await find("order", [1, 0], { limit: 2, offset: 9 })).toEqual([]);
});

test("only what matches filter and scope is compared", async () => {
  await put("filtered", "ann1", [[1, 0]], { owner: "ann", n: 1 });
  await put("filtered", "ann2", [[3, 4]], { owner: "ann", n: 2 });
  await put("filtered", "bob", [[1, 0]], { owner: "bob", n: 2 });
  const ann = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;

  expect(await find("filtered", [1, 0], {}, ann)).toEqual([
    ["ann1", 1],
    ["ann2", 0.6],
  ]);
  const conditions = [{ key: "n", operator: "$gt", value: 1 }];
  expect(await find("filtered", [1, 0], { conditions }, ann)).toEqual([["ann2", 0.6]]);
});

test("vectors belong to one value: a write replaces them, or makes them void", async () => {
  await put("again", "k", [
    [1, 0],
    [0, 1],
  ]);
  await put("again", "k", [[0, 2]]);
  expect(await vectorsOf("again")).toEqual([[0, 2]]);
  expect(await find("again", [1, 0])).toEqual([["k", 0]]);

  await put("again", "k", null);
  expect(await find("again", [1, 0])).toEqual([["k", null]]);

  await put("again", "k", []);
  expect(await vectorsOf("again")).toEqual([]);
});

test("vectors of an item go with it", async () => {
  await put("gone", "deleted", [[1, 0]]);
  await put("gone", "expired", [[1, 0]]);
  await ledger.storage.items.delete(["gone"], "deleted", WHOLE_HOUSE);
  expect(await vectorsOf("gone")).toHaveLength(1);

  await ledger.pool.query("update store_items set expires_at = now() - interval '1 second' where key = 'expired'");
  expect(await find("gone", [1, 0])).toEqual([]);
  await ledger.pool.query("delete from store_items where expires_at <= now()");
  expect(await vectorsOf("gone")).toEqual([]);
});

test("a write outside of the scope changes no vector", async () => {
  const nobody = { conditions: [{ key: "owner", operator: "eq", value: "nobody" }] } as const;
  await put("foreign", "k", [[1, 0]]);
  const item = { namespace: ["foreign"], key: "k", value: {}, ttlMinutes: null, vectors: [Float32Array.of(0, 1)] };
  expect(await ledger.storage.items.put(item, nobody)).toBe(false);
  expect(await vectorsOf("foreign")).toEqual([[1, 0]]);
});

test("many writers of one item leave the vectors of the last", async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => put("race", "k", [[n, 1]], { n })));
  const item = await ledger.storage.items.get(["race"], "k", KEEP, WHOLE_HOUSE);
  expect(await vectorsOf("race")).toEqual([[item?.value.n, 1]]);
});
