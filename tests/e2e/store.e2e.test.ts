import { describeFleet, TestFleet } from "./support/fleet.js";

interface Told {
  readonly got: object | null;
  readonly found: readonly [string, number | null][];
}

describeFleet("long-term memory", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ config: "tests/projects/store-index/langgraph.json" });
  });
  afterAll(() => fleet?.stop());

  const ask = async (input: Record<string, unknown>) =>
    (await fleet.client.runs.wait(null, "librarian", { input })) as unknown as Told;
  const keysOf = async (namespace: string[], options: object = {}) =>
    (await fleet.client.store.searchItems(namespace, options)).items.map(({ key }) => key);

  test("items are put, got, changed and deleted", async () => {
    const { store } = fleet.client;
    await store.putItem(["users", "ada"], "tea", { likes: "oolong" });
    const first = await store.getItem(["users", "ada"], "tea");
    expect(first).toMatchObject({ namespace: ["users", "ada"], key: "tea", value: { likes: "oolong" } });
    expect(first?.createdAt).toBe(first?.updatedAt);

    await store.putItem(["users", "ada"], "tea", { likes: "sencha" });
    const second = await store.getItem(["users", "ada"], "tea", { refreshTtl: true });
    expect(second?.value).toEqual({ likes: "sencha" });
    expect(second?.createdAt).toBe(first?.createdAt);
    expect(Date.parse(second!.updatedAt)).toBeGreaterThan(Date.parse(first!.updatedAt));

    await store.deleteItem(["users", "ada"], "tea");
    expect(await store.getItem(["users", "ada"], "tea")).toBeNull();
    await store.deleteItem(["users", "ada"], "tea");
  });

  test("items are searched by filter, and namespaces are listed", async () => {
    const { store } = fleet.client;
    for (const n of [1, 2, 3]) await store.putItem(["numbers", n % 2 === 0 ? "even" : "odd"], `k${n}`, { n });

    expect(await keysOf(["numbers"])).toEqual(["k3", "k2", "k1"]);
    expect(await keysOf(["numbers"], { filter: { n: { $gte: 2 } }, limit: 1, offset: 1 })).toEqual(["k2"]);
    expect(await keysOf(["numbers"], { filter: { n: { $in: [1, 2] } } })).toEqual(["k2", "k1"]);
    expect(await keysOf(["numbers", "odd"], { filter: { n: 3 }, refreshTtl: true })).toEqual(["k3"]);

    expect(await store.listNamespaces({ prefix: ["numbers"] })).toEqual({
      namespaces: [
        ["numbers", "even"],
        ["numbers", "odd"],
      ],
    });
    expect(await store.listNamespaces({ prefix: ["*"], suffix: ["odd"] })).toEqual({
      namespaces: [["numbers", "odd"]],
    });
    expect((await store.listNamespaces({ maxDepth: 1 })).namespaces).toContainEqual(["numbers"]);
  });

  test("graphs and REST see the same items at once, and find the same ones near", async () => {
    const { store } = fleet.client;
    await store.putItem(["books"], "rest", { text: "Brewing green tea, and how to serve it" });
    await store.putItem(["books"], "hidden", { text: "tea" }, { index: false });
    await store.putItem(["books"], "own", { title: "tea", text: "bread" }, { index: ["title"] });

    const value = { chapters: [{ text: "Baking bread" }, { text: "tea" }] };
    const told = await ask({ namespace: ["books"], key: "graph", value, query: "tea" });
    expect(told.got).toEqual(value);
    expect((await store.getItem(["books"], "graph"))?.value).toEqual(value);

    const { items } = await store.searchItems(["books"], { query: "tea" });
    expect(items.map(({ key, score }) => [key, score ?? null])).toEqual(told.found);
    expect(told.found).toEqual([
      ["graph", 1],
      ["own", 1],
      ["rest", expect.closeTo(1 / Math.sqrt(8))],
      ["hidden", null],
    ]);

    await store.deleteItem(["books"], "graph");
    const after = await ask({ namespace: ["books"], key: "graph", value: null, query: "tea" });
    expect(after.got).toBeNull();
    expect(after.found.map(([key]) => key)).toEqual(["own", "rest", "hidden"]);
    const { rows } = await fleet.sql.query("select from store_vectors where namespace = '{books}' and key = 'graph'");
    expect(rows).toEqual([]);
  });

  test("what cannot be embedded is refused, and what was there stays", async () => {
    const { store } = fleet.client;
    await store.putItem(["kept"], "k", { text: "tea" });

    await expect(store.putItem(["kept"], "k", { text: "unembeddable" })).rejects.toThrow(
      'HTTP 422: The embedder "./embed.ts:embed" failed: RangeError: this text cannot be embedded',
    );
    await expect(store.searchItems(["kept"], { query: "unembeddable" })).rejects.toThrow("HTTP 422");

    expect((await store.getItem(["kept"], "k"))?.value).toEqual({ text: "tea" });
    const asking = ask({ namespace: ["kept"], key: "k", value: { text: "unembeddable" }, query: "tea" });
    await expect(asking).rejects.toThrow("cannot be embedded");
    expect((await store.getItem(["kept"], "k"))?.value).toEqual({ text: "tea" });
  });

  test("an item whose time is over does not exist", async () => {
    const { store } = fleet.client;
    await store.putItem(["mortal"], "k", { text: "tea" }, { ttl: 1 });
    await fleet.sql.query("update store_items set expires_at = now() where namespace = '{mortal}'");

    expect(await store.getItem(["mortal"], "k")).toBeNull();
    const told = await ask({ namespace: ["mortal"], key: "k", value: null, query: "tea" });
    expect(told).toMatchObject({ got: null, found: [] });
  });

  test("each process says once how it finds things", () => {
    const said = fleet
      .said()
      .split("\n")
      .filter((line) => line.includes("items are found by what they mean"));
    expect(said).toHaveLength(fleet.api.length + fleet.workers.length);
    expect(said[0]).toMatch(/exact|pgvector/);
  });
});
