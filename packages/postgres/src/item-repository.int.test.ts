import { type FilterOperator, type Json, type JsonObject, WHOLE_HOUSE } from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const KEEP = { refreshTtl: false };
const REFRESH = { refreshTtl: true };
const PAGE = { limit: 100, offset: 0 };

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const items = () => ledger.storage.items;
const put = (namespace: readonly string[], key: string, value: JsonObject, ttlMinutes: number | null = null) =>
  items().put({ namespace, key, value, ttlMinutes }, WHOLE_HOUSE);
const get = (namespace: readonly string[], key: string) => items().get(namespace, key, KEEP, WHOLE_HOUSE);
const keys = async (prefix: readonly string[], key: string, operator: FilterOperator, value: Json) =>
  (await items().search({ ...PAGE, prefix, conditions: [{ key, operator, value }] }, KEEP, WHOLE_HOUSE))
    .map((item) => item.key)
    .toSorted();

/** Lets time pass for one item. */
const age = (key: string, minutes: number) =>
  ledger.pool.query("UPDATE store_items SET expires_at = expires_at - make_interval(mins => $2) WHERE key = $1", [
    key,
    minutes,
  ]);

describe("put and get", () => {
  test("a second write keeps createdAt and is later, to the millisecond", async () => {
    await put(["times", "x"], "k", { n: 1 });
    const first = (await get(["times", "x"], "k"))!;
    let before = first;
    for (let n = 2; n < 8; n++) {
      await put(["times", "x"], "k", { n });
      const after = (await get(["times", "x"], "k"))!;
      expect(after.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
      expect(after).toMatchObject({ namespace: ["times", "x"], key: "k", value: { n }, createdAt: first.createdAt });
      before = after;
    }
    expect(await get(["times"], "k")).toBeNull();
    expect(await get(["times", "x", "c"], "k")).toBeNull();
  });

  test("labels and keys may hold anything a text can", async () => {
    const namespace = ['quo"te', "ba\\ck", "{br,ace}", "😀", "NULL"];
    await put(namespace, "k'%_", { "\u0000": "\u0000" });
    expect(await get(namespace, "k'%_")).toMatchObject({ namespace, value: { "": "" } });
  });

  test("an item outside of the scope is neither read, written nor deleted", async () => {
    const ann = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;
    const inSpace = { conditions: [{ key: "namespace", operator: "contains", value: "scoped" }] } as const;
    await put(["scoped"], "k", { owner: "bob" });
    expect(await items().get(["scoped"], "k", KEEP, ann)).toBeNull();
    expect(await items().put({ namespace: ["scoped"], key: "k", value: { owner: "ann" }, ttlMinutes: null }, ann)).toBe(
      false,
    );
    expect(await items().delete(["scoped"], "k", ann)).toBe(false);
    expect((await get(["scoped"], "k"))?.value).toEqual({ owner: "bob" });

    expect(await items().get(["scoped"], "k", KEEP, inSpace)).not.toBeNull();
    expect(await items().delete(["scoped"], "k", inSpace)).toBe(true);
    expect(await items().delete(["scoped"], "k", ann)).toBe(true);
  });
});

describe("time to live", () => {
  test("an expired item does not exist, and a new one in its place is new", async () => {
    await put(["ttl"], "gone", { n: 1 }, 5);
    const first = (await get(["ttl"], "gone"))!;
    await age("gone", 6);
    expect(await get(["ttl"], "gone")).toBeNull();
    expect(await items().search({ ...PAGE, prefix: ["ttl"], conditions: [] }, KEEP, WHOLE_HOUSE)).toEqual([]);
    expect(await items().namespaces({ ...PAGE, prefix: ["ttl"], suffix: [], maxDepth: null }, WHOLE_HOUSE)).toEqual([]);

    const nobody = { conditions: [{ key: "x", operator: "eq", value: "y" }] } as const;
    expect(await items().delete(["ttl"], "gone", nobody)).toBe(true);
    await put(["ttl"], "gone", { n: 2 });
    const second = (await get(["ttl"], "gone"))!;
    expect(second.createdAt.getTime()).toBeGreaterThan(first.createdAt.getTime());
  });

  test("reading starts the time again only when asked to", async () => {
    await put(["ttl2"], "read", {}, 5);
    await age("read", 4);
    await get(["ttl2"], "read");
    await items().get(["ttl2"], "read", REFRESH, WHOLE_HOUSE);
    await age("read", 4);
    await items().search({ ...PAGE, prefix: ["ttl2"], conditions: [] }, REFRESH, WHOLE_HOUSE);
    await age("read", 4);
    expect(await get(["ttl2"], "read")).not.toBeNull();
    await age("read", 2);
    expect(await get(["ttl2"], "read")).toBeNull();
  });
});

describe("search", () => {
  beforeAll(async () => {
    const values: Readonly<Record<string, JsonObject>> = {
      one: { v: 1 },
      nine: { v: 9 },
      ten: { v: 10 },
      half: { v: 0.5 },
      "text-10": { v: "10" },
      "text-9": { v: "9" },
      upper: { v: "B" },
      lower: { v: "a" },
      yes: { v: true },
      no: { v: false },
      nothing: { v: null },
      object: { v: { a: 1, b: [1, 2] } },
      list: { v: [1, 2] },
      missing: {},
    };
    for (const [key, value] of Object.entries(values)) await put(["ops"], key, value);
  });

  test.each<[FilterOperator, Json, readonly string[]]>([
    ["$eq", 10, ["ten"]],
    ["$eq", "10", ["text-10"]],
    ["$eq", null, ["nothing"]],
    ["$eq", { b: [1, 2], a: 1 }, ["object"]],
    ["$eq", { a: 1 }, []],
    ["$gt", 9, ["ten"]],
    ["$gte", 9, ["nine", "ten"]],
    ["$lt", 9, ["half", "one"]],
    ["$lte", 0.5, ["half"]],
    ["$gt", "10", ["lower", "text-9", "upper"]],
    ["$lt", "a", ["text-10", "text-9", "upper"]],
    ["$gte", true, ["yes"]],
    ["$gt", false, ["yes"]],
    ["$gt", null, []],
    ["$gt", [0], []],
    ["$in", [1, "B", null], ["nothing", "one", "upper"]],
    ["$in", [], []],
  ])("%s %j", async (operator, value, expected) => {
    expect(await keys(["ops"], "v", operator, value)).toEqual(expected);
  });

  test("$ne and $nin also hold for what is missing", async () => {
    expect(await keys(["ops"], "v", "$ne", 1)).toHaveLength(13);
    expect(await keys(["ops"], "v", "$ne", 1)).toContain("missing");
    expect(await keys(["ops"], "v", "$nin", [1, 9, 10])).toHaveLength(11);
    expect(await keys(["ops"], "v", "$nin", [])).toHaveLength(14);
  });

  test("all conditions must hold", async () => {
    const conditions = [
      { key: "v", operator: "$gt", value: 0 },
      { key: "v", operator: "$lt", value: 10 },
    ] as const;
    const found = await items().search({ ...PAGE, prefix: ["ops"], conditions }, KEEP, WHOLE_HOUSE);
    expect(found.map(({ key }) => key)).toEqual(["half", "nine", "one"]);
  });

  test("a prefix is made of whole labels, and pages come newest first", async () => {
    for (const namespace of [["p"], ["p", "x"], ["p", "x", "y"], ["pq"], ["p", "xy"]]) await put(namespace, "k", {});
    const under = async (prefix: readonly string[], page = PAGE) =>
      (await items().search({ ...page, prefix, conditions: [] }, KEEP, WHOLE_HOUSE)).map(({ namespace }) =>
        namespace.join("/"),
      );
    expect((await under(["p"])).toSorted()).toEqual(["p", "p/x", "p/x/y", "p/xy"]);
    expect((await under(["p", "x"])).toSorted()).toEqual(["p/x", "p/x/y"]);
    expect(await under(["p", "x", "y", "z"])).toEqual([]);
    expect((await under([])).length).toBeGreaterThan(5);
    expect(await under(["p"], { limit: 1, offset: 3 })).toHaveLength(1);
  });
});

describe("namespaces", () => {
  beforeAll(async () => {
    for (const path of ["n/b/c", "n/b/d/e", "n/a", "n/B", "m/b/c", "n/b/c2/c"]) {
      await put(path.split("/"), "k1", { owner: path.startsWith("m") ? "bob" : "ann" });
      await put(path.split("/"), "k2", { owner: "ann" });
    }
  });
  const list = async (prefix: string, suffix: string, maxDepth: number | null = null, page = PAGE) => {
    const labels = (text: string) => (text === "" ? [] : text.split("/"));
    const query = { ...page, prefix: labels(prefix), suffix: labels(suffix), maxDepth };
    return (await items().namespaces(query, WHOLE_HOUSE)).map((namespace) => namespace.join("/"));
  };

  test("come once each, sorted by code point", async () => {
    expect(await list("n", "")).toEqual(["n/B", "n/a", "n/b/c", "n/b/c2/c", "n/b/d/e"]);
    expect(await list("n", "", null, { limit: 2, offset: 1 })).toEqual(["n/a", "n/b/c"]);
  });

  test("match by prefix and suffix, with a star for any label", async () => {
    expect(await list("*/b", "")).toEqual(["m/b/c", "n/b/c", "n/b/c2/c", "n/b/d/e"]);
    expect(await list("n/*", "c")).toEqual(["n/b/c", "n/b/c2/c"]);
    expect(await list("", "b/*")).toEqual(["m/b/c", "n/b/c"]);
    expect(await list("n/*/*/*/*", "")).toEqual([]);
  });

  test("are cut to a depth and then counted once", async () => {
    expect(await list("n", "", 2)).toEqual(["n/B", "n/a", "n/b"]);
    expect(await list("n", "", 1)).toEqual(["n"]);
  });

  test("show what the scope shows", async () => {
    const bob = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] } as const;
    const query = { ...PAGE, prefix: [], suffix: [], maxDepth: null };
    expect((await items().namespaces(query, bob)).filter(([root]) => root === "m" || root === "n")).toEqual([
      ["m", "b", "c"],
    ]);
  });
});
