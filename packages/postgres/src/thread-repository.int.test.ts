import { type Scope, type ThreadId, type ThreadQuery, WHOLE_HOUSE, claimOf, randomIds } from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const QUERY: ThreadQuery = { limit: 10, offset: 0, sort: { by: "created_at", order: "desc" } };
const where = (key: string, operator: "eq" | "contains", value: Scope["conditions"][number]["value"]): Scope => ({
  conditions: [{ key, operator, value }],
});

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const threads = () => ledger.storage.threads;

describe("insert", () => {
  test("gives back what it stored; an id is taken once, whoever asks", async () => {
    const id = randomIds.thread();
    const made = await threads().insert({ id, metadata: { a: 1 }, config: { tags: ["x"] } });
    expect(made).toMatchObject({ id, status: "idle", metadata: { a: 1 }, values: null, interrupts: {}, error: null });
    expect(made?.stateUpdatedAt).toBeNull();
    expect(await threads().insert({ id, metadata: {} })).toBeNull();
    expect(await threads().get(id, WHOLE_HOUSE)).toEqual(made);
  });

  test("fifty creators of one id make one thread", async () => {
    const id = randomIds.thread();
    const made = await Promise.all(Array.from({ length: 50 }, () => threads().insert({ id, metadata: {} })));
    expect(made.filter((thread) => thread !== null)).toHaveLength(1);
  });

  test("stores what jsonb refuses: NUL and halves of characters", async () => {
    const thread = await ledger.make.thread({
      metadata: { "k\u0000": "a\u0000b", half: "\uD83D", slash: "\\u0000", ok: "😀" },
    });
    expect(thread.metadata).toEqual({ k: "ab", half: "\uFFFD", slash: "\\u0000", ok: "😀" });
  });
});

describe("scope", () => {
  const scopes = {
    ann: where("owner", "eq", "ann"),
    bob: where("owner", "eq", "bob"),
  };

  test("a thread outside of it does not exist, for any operation", async () => {
    const { id } = await ledger.make.thread({ metadata: { owner: "ann" } });
    expect(await threads().get(id, scopes.bob)).toBeNull();
    expect(await threads().lock(id, scopes.bob)).toBeNull();
    expect(await threads().patch(id, { metadata: { owner: "bob" } }, scopes.bob)).toBeNull();
    expect(await threads().delete(id, scopes.bob)).toBe(false);
    expect(await threads().count({ ids: [id] }, scopes.bob)).toBe(0);
    expect((await threads().get(id, scopes.ann))?.metadata).toEqual({ owner: "ann" });
    expect(await threads().delete(id, scopes.ann)).toBe(true);
    expect(await threads().get(id, scopes.ann)).toBeNull();
  });

  test.each([
    [{ tags: ["a", "b"] }, where("tags", "contains", "a"), true],
    [{ tags: ["a", "b"] }, where("tags", "contains", ["b", "a"]), true],
    [{ tags: ["a", "b"] }, where("tags", "contains", ["a", "c"]), false],
    [{ tags: "a" }, where("tags", "contains", "a"), false],
    [{}, where("tags", "contains", "a"), false],
    [{ owner: { id: 1, team: 2 } }, where("owner", "eq", { id: 1 }), false],
    [{ owner: { id: 1, team: 2 } }, where("owner", "eq", { team: 2, id: 1 }), true],
    [{ owner: ["ann", "bob"] }, where("owner", "eq", "ann"), false],
    [{ owner: ["ann", "bob"] }, where("owner", "eq", ["ann"]), false],
    [{ owner: null }, where("owner", "eq", null), true],
    [{}, where("owner", "eq", null), false],
    [{ owner: "1" }, where("owner", "eq", 1), false],
    [{ owner: "ann" }, where("owner", "eq", "ann\u0000"), false],
    [
      { owner: "ann", org: "x" },
      { conditions: [...where("owner", "eq", "ann").conditions, ...where("org", "eq", "y").conditions] },
      false,
    ],
    [{ "o'; --": true }, where("o'; --", "eq", true), true],
  ])("%j under %j: %p", async (metadata, scope, visible) => {
    const { id } = await ledger.make.thread({ metadata });
    expect((await threads().get(id, scope)) !== null).toBe(visible);
  });
});

describe("search", () => {
  const mine = { metadata: { suite: "search" } };
  const made: ThreadId[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 5; n++) {
      const { id } = await ledger.make.thread({ metadata: { suite: "search", n, deep: { even: n % 2 === 0, n } } });
      if (n < 2)
        await threads().saveState(id, { values: { topic: { n }, list: [1, 2] }, interrupts: {} }, "interrupted");
      made.push(id);
    }
  });
  const found = async (query: Partial<ThreadQuery>) =>
    (await threads().search({ ...QUERY, ...mine, ...query }, WHOLE_HOUSE)).items.map(({ id }) => id);

  test("pages newest first, and knows the total on every page", async () => {
    const page = (offset: number) => threads().search({ ...QUERY, ...mine, limit: 2, offset }, WHOLE_HOUSE);
    expect((await page(0)).items.map(({ id }) => id)).toEqual([made[4], made[3]]);
    expect((await page(4)).items.map(({ id }) => id)).toEqual([made[0]]);
    for (const offset of [0, 2, 4, 6]) expect((await page(offset)).total).toBe(5);
  });

  test("sorts both ways by every column; threads without a state come last", async () => {
    expect(await found({ sort: { by: "created_at", order: "asc" } })).toEqual(made);
    expect(await found({ sort: { by: "thread_id", order: "asc" } })).toEqual(made.toSorted());
    expect(await found({ sort: { by: "updated_at", order: "desc" } })).toEqual([4, 3, 2, 1, 0].map((n) => made[n]));
    expect((await found({ sort: { by: "state_updated_at", order: "desc" } })).slice(0, 2)).toEqual([made[1], made[0]]);
    expect((await found({ sort: { by: "state_updated_at", order: "asc" } })).slice(0, 2)).toEqual([made[0], made[1]]);
    expect(new Set((await found({ sort: { by: "status", order: "desc" } })).slice(0, 2))).toEqual(
      new Set(made.slice(0, 2)),
    );
  });

  test("filters by ids, status, and what metadata and values contain", async () => {
    expect(await found({ ids: [made[0]!, made[1]!, randomIds.thread()] })).toEqual([made[1], made[0]]);
    expect(await found({ ids: [] })).toEqual([]);
    expect(await found({ status: "interrupted" })).toEqual([made[1], made[0]]);
    expect(await found({ metadata: { suite: "search", deep: { even: true } } })).toEqual([made[4], made[2], made[0]]);
    expect(await found({ values: { topic: { n: 1 } } })).toEqual([made[1]]);
    expect(await found({ values: {} })).toHaveLength(5);
    expect(await threads().count({ ...mine, status: "interrupted" }, WHOLE_HOUSE)).toBe(2);
  });

  test("gives the columns that were selected, and no others", async () => {
    const { items } = await threads().search(
      { ...QUERY, ids: [made[0]!], select: ["thread_id", "status"] },
      WHOLE_HOUSE,
    );
    expect(items).toEqual([{ id: made[0], status: "interrupted" }]);
    const context = await threads().search({ ...QUERY, ids: [made[0]!], select: ["context"] }, WHOLE_HOUSE);
    expect(context.items).toHaveLength(1);
  });

  test("temporary threads are on no list", async () => {
    await threads().insert({ id: randomIds.thread(), metadata: mine.metadata, temporary: true });
    expect(await threads().count(mine, WHOLE_HOUSE)).toBe(5);
  });
});

describe("changes", () => {
  test("patch merges metadata one level deep", async () => {
    const thread = await ledger.make.thread({ metadata: { a: 1, deep: { x: 1, y: 2 } } });
    const patched = await threads().patch(thread.id, { metadata: { deep: { x: 3 }, b: 2 } }, WHOLE_HOUSE);
    expect(patched?.metadata).toEqual({ a: 1, b: 2, deep: { x: 3 } });
    expect(patched!.updatedAt.getTime()).toBeGreaterThanOrEqual(thread.updatedAt.getTime());
    expect(await threads().patch(randomIds.thread(), { metadata: {} }, WHOLE_HOUSE)).toBeNull();
  });

  test("a free thread takes over the run's graph and config, a busy one keeps its own", async () => {
    const { id } = await ledger.make.thread({ metadata: { keep: 1 }, config: { old: 1 } });
    await threads().markBusy(id, { metadata: { graph_id: "g" }, config: { tags: ["t"] } });
    await threads().markBusy(id, null);
    expect(await threads().get(id, WHOLE_HOUSE)).toMatchObject({
      status: "busy",
      metadata: { keep: 1, graph_id: "g" },
      config: { tags: ["t"] },
    });
  });

  test("an edited state replaces values and clears the error", async () => {
    const run = await ledger.make.run();
    const held = (await ledger.storage.runs.claim(run, { owner: "w", seconds: 15 }))!;
    await ledger.storage.runs.settle(claimOf(held), {
      status: "error",
      ending: "failed",
      error: { error: "E", message: "m" },
      snapshot: { values: { v: 1 }, interrupts: { t: [{ id: "i", value: 1 }] } },
      checkpointId: null,
      lastSeq: 0,
    });
    await threads().saveState(run.threadId, { values: { v: 2 }, interrupts: {} }, "idle");
    expect(await threads().get(run.threadId, WHOLE_HOUSE)).toMatchObject({
      status: "idle",
      values: { v: 2 },
      interrupts: {},
      error: null,
    });
  });

  test("the lock makes transactions of a thread take turns", async () => {
    const { id } = await ledger.make.thread({ metadata: { n: 0 } });
    await Promise.all(
      Array.from({ length: 8 }, () =>
        ledger.storage.transaction(async (tx) => {
          const { metadata } = (await tx.threads.lock(id, WHOLE_HOUSE))!;
          await tx.threads.patch(id, { metadata: { n: Number(metadata.n) + 1 } }, WHOLE_HOUSE);
        }),
      ),
    );
    expect((await threads().get(id, WHOLE_HOUSE))?.metadata).toEqual({ n: 8 });
  });

  test("delete removes runs and checkpoints with the thread", async () => {
    const run = await ledger.make.run();
    const other = await ledger.make.run();
    for (const { threadId } of [run, other]) {
      const checkpoint = { ns: "", checkpointId: "1", parentId: null, checkpoint: {}, metadata: {} };
      await ledger.storage.checkpoints.write({ threadId, checkpoints: [checkpoint], blobs: [], writes: [] }, null);
    }
    expect(await threads().delete(run.threadId, WHOLE_HOUSE)).toBe(true);
    expect(await ledger.storage.runs.find(run.id)).toBeNull();
    expect(await ledger.storage.checkpoints.head(run.threadId, "")).toBeNull();
    expect(await ledger.storage.runs.find(other.id)).not.toBeNull();
    expect(await ledger.storage.checkpoints.head(other.threadId, "")).toBe("1");
    expect(await threads().delete(run.threadId, WHOLE_HOUSE)).toBe(false);
  });
});
