import {
  type FieldCondition,
  type JsonObject,
  type Scope,
  type ThreadId,
  type ThreadQuery,
  WHOLE_HOUSE,
  claimOf,
  isWithin,
  randomIds,
  toScope,
} from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";
import { sql } from "kysely";

import { COUNTED_MATCHES } from "./search-threads.js";

const QUERY: ThreadQuery = { limit: 10, offset: 0, sort: { by: "created_at", order: "desc" } };
const where = (key: string, operator: "eq" | "contains", value: FieldCondition["value"]): Scope => ({
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
    [{ shared: true }, toScope({ $or: [{ owner: "ann" }, { shared: true }] }), true],
    [{ owner: "bob" }, toScope({ $or: [{ owner: "ann" }, { shared: true }] }), false],
    [{ owner: "ann", org: "x" }, toScope({ org: "y", $or: [{ owner: "ann" }] }), false],
    [{ owner: "ann", org: "x" }, toScope({ $and: [{ $or: [{ org: "y" }, { org: "x" }] }, { owner: "ann" }] }), true],
    [{ owner: "ann" }, toScope({ $or: [] }), false],
    [{ owner: "ann" }, toScope({ $or: [{}] }), true],
    [{}, toScope({ $and: [] }), true],
  ])("%j under %j: %p, for the database and for the domain", async (metadata, scope, visible) => {
    const { id } = await ledger.make.thread({ metadata });
    expect((await threads().get(id, scope)) !== null).toBe(visible);
    expect(isWithin(scope, metadata as JsonObject)).toBe(visible);
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

  test("sorts both ways by every column; threads without a state count as the oldest", async () => {
    expect(await found({ sort: { by: "created_at", order: "asc" } })).toEqual(made);
    expect(await found({ sort: { by: "thread_id", order: "asc" } })).toEqual(made.toSorted());
    expect(await found({ sort: { by: "updated_at", order: "desc" } })).toEqual([4, 3, 2, 1, 0].map((n) => made[n]));
    expect((await found({ sort: { by: "state_updated_at", order: "desc" } })).slice(0, 2)).toEqual([made[1], made[0]]);
    expect((await found({ sort: { by: "state_updated_at", order: "asc" } })).slice(3)).toEqual([made[0], made[1]]);
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
    const error = await threads().search({ ...QUERY, ids: [made[0]!], select: ["error"] }, WHOLE_HOUSE);
    expect(error.items).toEqual([{ status: "interrupted", error: null }]);
    const context = await threads().search({ ...QUERY, ids: [made[0]!], select: ["context"] }, WHOLE_HOUSE);
    expect(context.items).toHaveLength(1);
  });

  test("extracts parts, whatever was selected", async () => {
    const extract = [
      { alias: "last", field: "values", path: ["list", "-1"] },
      { alias: "deep", field: "metadata", path: ["deep", "n"] },
      { alias: "none", field: "values", path: ["a\u0000b", "c"] },
      { alias: "id", field: "thread_id", path: [] },
      { alias: "at", field: "created_at", path: [] },
      { alias: "__proto__", field: "values", path: ["topic"] },
    ] as const;
    const { items } = await threads().search(
      { ...QUERY, ids: [made[0]!], select: ["thread_id"], extract },
      WHOLE_HOUSE,
    );
    expect(Object.entries(items[0]!.extracted!)).toEqual([
      ["last", 2],
      ["deep", 0],
      ["none", null],
      ["id", made[0]],
      ["at", (await threads().get(made[0]!, WHOLE_HOUSE))!.createdAt.toISOString()],
      ["__proto__", { n: 0 }],
    ]);
    expect(Object.keys(items[0]!)).toEqual(["id", "extracted"]);
  });

  test("counts a page's matches up to a bound; a count is exact", async () => {
    const many = { metadata: { suite: "many" } };
    await sql`insert into threads (thread_id, metadata, config)
      select gen_random_uuid(), '{"suite":"many"}', '{}' from generate_series(1, ${COUNTED_MATCHES + 50})`.execute(
      ledger.db,
    );
    const total = async (limit: number, offset: number) =>
      (await threads().search({ ...QUERY, ...many, limit, offset }, WHOLE_HOUSE)).total;
    expect(await total(10, 0)).toBe(COUNTED_MATCHES + 1);
    expect(await total(10, COUNTED_MATCHES)).toBe(COUNTED_MATCHES + 11);
    expect(await total(100, COUNTED_MATCHES)).toBe(COUNTED_MATCHES + 50);
    expect(await threads().count(many, WHOLE_HOUSE)).toBe(COUNTED_MATCHES + 50);
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

  test("a lifetime begins when it is set, and is put off by use", async () => {
    const { id } = await ledger.make.thread({ ttl: { minutes: 60, strategy: "delete" } });
    const ttl = async () => (await threads().get(id, WHOLE_HOUSE))!.ttl!;
    const first = await ttl();
    expect(first).toMatchObject({ minutes: 60, strategy: "delete" });
    await threads().patch(id, { metadata: { a: 1 } }, WHOLE_HOUSE);
    expect(await ttl()).toEqual(first);

    await threads().patch(id, { metadata: {}, ttl: { minutes: 0.5, strategy: "keep_latest" } }, WHOLE_HOUSE);
    const second = await ttl();
    expect(second).toMatchObject({ minutes: 0.5, strategy: "keep_latest" });
    expect(second.expiresAt.getTime()).toBeLessThan(first.expiresAt.getTime());

    const uses = [
      () => threads().markBusy(id, null),
      () => threads().saveState(id, { values: {}, interrupts: {} }, "idle"),
    ];
    let before = second;
    for (const use of uses) {
      await use();
      const after = await ttl();
      expect(after.expiresAt.getTime()).toBeGreaterThan(before.expiresAt.getTime());
      before = after;
    }
  });

  test("a thread without a lifetime gets none by being used", async () => {
    const { id } = await ledger.make.thread();
    await threads().markBusy(id, null);
    await threads().saveState(id, { values: {}, interrupts: {} }, "idle");
    expect((await threads().get(id, WHOLE_HOUSE))?.ttl).toBeNull();
  });

  test("each edit of the state has a tape number of its own", async () => {
    const { id } = await ledger.make.thread();
    const edit = () => threads().saveState(id, { values: {}, interrupts: {} }, "idle");
    expect([await edit(), await edit()]).toEqual([1, 2]);
    expect((await threads().peek(id, WHOLE_HOUSE))?.streamSeq).toBe(2);
  });

  test("the number of an edit lies beyond all that a dead worker may have used", async () => {
    const run = await ledger.make.run();
    const held = (await ledger.storage.runs.claim(run, { owner: "w", seconds: -1 }))!;
    await ledger.storage.runs.reapExpired({ maxAttempts: 1, limit: 10 });
    const seq = await threads().saveState(run.threadId, { values: {}, interrupts: {} }, "idle");
    expect(seq).toBe(2 * held.seqBase + 1);
  });

  test("a free thread takes over the run's graph, config and context, a busy one keeps its own", async () => {
    const { id } = await ledger.make.thread({ metadata: { keep: 1 }, config: { old: 1 } });
    await threads().markBusy(id, { metadata: { graph_id: "g" }, config: { tags: ["t"] }, context: { k: 1 } });
    await threads().markBusy(id, null);
    expect(await threads().get(id, WHOLE_HOUSE)).toMatchObject({
      status: "busy",
      metadata: { keep: 1, graph_id: "g" },
      config: { tags: ["t"] },
      context: { k: 1 },
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

describe("copy", () => {
  const bytes = new Uint8Array([1]);

  test("takes the state and its checkpoints along, and names the new thread in them", async () => {
    const { id } = await ledger.make.thread({
      metadata: { owner: "ann" },
      config: { tags: ["t"] },
      ttl: { minutes: 1, strategy: "delete" },
    });
    await ledger.storage.checkpoints.write(
      {
        threadId: id,
        checkpoints: [
          { ns: "", checkpointId: "1", parentId: null, checkpoint: { v: 4 }, metadata: { thread_id: id, step: 0 } },
          { ns: "sub", checkpointId: "2", parentId: "1", checkpoint: { v: 4 }, metadata: { note: id } },
        ],
        blobs: [{ ns: "", channel: "c", version: "1.5", type: "json", bytes }],
        writes: [{ ns: "", checkpointId: "1", taskId: "t", idx: 0, channel: "c", type: "json", bytes, replace: false }],
      },
      null,
    );
    const interrupts = { t: [{ id: "i", value: 1 }] };
    await threads().saveState(id, { values: { v: 1 }, interrupts }, "interrupted");
    const to = { id: randomIds.thread(), metadata: { owner: "ann", copied: true } };

    expect(await threads().copy(id, to, where("owner", "eq", "bob"))).toBeNull();
    const copy = await threads().copy(id, to, where("owner", "eq", "ann"));

    expect(copy).toMatchObject({ ...to, status: "interrupted", values: { v: 1 }, interrupts, config: { tags: ["t"] } });
    expect(copy?.ttl).toBeNull();
    expect(await threads().get(to.id, WHOLE_HOUSE)).toEqual(copy);
    const rows = async (table: string) => {
      const { rows } = await sql<{ thread_id: string; metadata?: object }>`
        select * from ${sql.table(table)} where thread_id in (${id}::text, ${to.id}::text) order by 1, 2`.execute(
        ledger.db,
      );
      return [id, to.id].map((owner) => rows.filter((row) => row.thread_id === owner));
    };
    for (const table of ["checkpoints", "checkpoint_blobs", "checkpoint_writes"]) {
      const [source, copied] = await rows(table);
      expect(copied).toHaveLength(source!.length);
      expect(copied).toMatchObject(source!.map(({ thread_id: _id, metadata: _metadata, ...same }) => same));
    }
    expect((await rows("checkpoints"))[1]!.map(({ metadata }) => metadata)).toEqual([
      { thread_id: to.id, step: 0 },
      { note: id },
    ]);
  });

  test("a busy thread's copy is at rest; an id that is taken is nobody's copy", async () => {
    const run = await ledger.make.run();
    const id = randomIds.thread();
    expect(await threads().copy(run.threadId, { id, metadata: {} }, WHOLE_HOUSE)).toMatchObject({ status: "idle" });
    expect(await threads().copy(run.threadId, { id, metadata: {} }, WHOLE_HOUSE)).toBeNull();
    expect(await threads().copy(randomIds.thread(), { id: randomIds.thread(), metadata: {} }, WHOLE_HOUSE)).toBeNull();
  });
});
