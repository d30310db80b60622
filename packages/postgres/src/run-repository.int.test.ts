import { claimOf, randomIds, type RunId, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { COMPLETED, heldRuns, LEASE } from "../test/held-runs.js";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const { claimed, runs } = heldRuns(() => ledger);

describe("insert", () => {
  test("keeps the request as it was: the order of keys, NUL, and the caller apart", async () => {
    const input = { z: "a\u0000b", a: 1 };
    const run = await ledger.make.run({
      spec: { input },
      auth: { identity: "ann", permissions: ["read"], user: { name: "Ann" } },
    });
    expect(JSON.stringify(run.spec.input)).toBe(JSON.stringify(input));
    expect(run).toMatchObject({ status: "pending", attempt: 0, fence: 0, cancelAction: null, error: null });
    expect(JSON.stringify(run)).not.toContain("Ann");

    const held = await runs().claim(run, LEASE);
    expect(held?.auth).toEqual({ identity: "ann", permissions: ["read"], user: { name: "Ann" } });
  });

  test("a delayed run is not due, and says when it will be", async () => {
    const run = await ledger.make.run({ afterSeconds: 3600 });
    const seconds = (run.runAfter.getTime() - run.createdAt.getTime()) / 1000;
    expect(seconds).toBeGreaterThan(3590);
    expect(await runs().claim(run, LEASE)).toBeNull();
  });
});

describe("scope", () => {
  const bobs = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] } as const;
  const anns = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;

  test("a run is seen by who sees its thread, whatever its own metadata says", async () => {
    const { id: threadId } = await ledger.make.thread({ metadata: { owner: "ann" } });
    const { id } = await ledger.make.run({ threadId, metadata: { owner: "bob" } });
    const page = { limit: 100, offset: 0 };

    for (const [scope, seen] of [
      [bobs, 0],
      [anns, 1],
    ] as const) {
      expect([await runs().get(id, threadId, scope), await runs().get(id, null, scope)].filter(Boolean)).toHaveLength(
        seen * 2,
      );
      expect([await runs().getToRead(id, null, scope)].filter(Boolean)).toHaveLength(seen);
      expect((await runs().list(threadId, page, scope)).total).toBe(seen);
      const active = await runs().active({ status: "all", before: null, limit: 100 }, scope);
      expect(active.filter(({ runId }) => runId === id)).toHaveLength(seen);
    }
  });

  test("a temporary run that is over is there for its readers, and for nobody else", async () => {
    const { id: threadId } = await ledger.make.thread({ metadata: { owner: "ann" }, temporary: true });
    const { id } = await ledger.make.run({ threadId, spec: { temporary: true } });
    await ledger.storage.transaction(async (tx) => {
      await tx.threads.lock(threadId, WHOLE_HOUSE);
      await tx.runs.requestCancel([id], "interrupt");
    });

    expect(await runs().get(id, null, anns)).toBeNull();
    expect(await runs().getToRead(id, null, anns)).toMatchObject({ id, status: "interrupted" });
    expect(await runs().getToRead(id, randomIds.thread(), anns)).toBeNull();
    expect(await runs().getToRead(id, null, bobs)).toBeNull();

    expect(await runs().sweepTemporary(0, 100)).toBe(1);
    expect(await runs().getToRead(id, null, anns)).toBeNull();
  });
});

describe("reading", () => {
  test("pages through a thread's runs, newest first, by status and metadata", async () => {
    const { id: threadId } = await ledger.make.thread();
    const made = [];
    for (let n = 0; n < 5; n++)
      made.push(await ledger.make.run({ threadId, metadata: { n, deep: { even: n % 2 === 0 } } }));

    const page = await runs().list(threadId, { limit: 2, offset: 1 }, WHOLE_HOUSE);
    expect(page.items.map(({ id }) => id)).toEqual([made[3]!.id, made[2]!.id]);
    expect(page.total).toBe(5);
    const even = await runs().list(threadId, { limit: 10, offset: 0, metadata: { deep: { even: true } } }, WHOLE_HOUSE);
    expect(even.total).toBe(3);
    expect(await runs().list(threadId, { limit: 10, offset: 0, status: "success" }, WHOLE_HOUSE)).toEqual({
      items: [],
      total: 0,
    });
    expect((await runs().list(threadId, { limit: 10, offset: 10 }, WHOLE_HOUSE)).total).toBe(5);
    expect((await runs().inflight(threadId)).map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  });

  test("a run is seen by who sees its thread", async () => {
    const { id: threadId } = await ledger.make.thread({ metadata: { owner: "ann" } });
    const run = await ledger.make.run({ threadId });
    const ann = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;
    const bob = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] } as const;
    expect(await runs().get(run.id, threadId, ann)).not.toBeNull();
    expect(await runs().get(run.id, null, ann)).not.toBeNull();
    expect(await runs().get(run.id, null, bob)).toBeNull();
    expect(await runs().get(run.id, randomIds.thread(), ann)).toBeNull();
    expect((await runs().list(threadId, { limit: 10, offset: 0 }, bob)).total).toBe(0);
  });

  test("a finished temporary run is there for its readers only, then swept with its thread", async () => {
    const run = await claimed({ spec: { temporary: true } });
    expect(await runs().get(run.id, null, WHOLE_HOUSE)).not.toBeNull();
    expect(await ledger.storage.threads.get(run.threadId, WHOLE_HOUSE)).toBeNull();
    expect(await runs().sweepTemporary(0, 100)).toBe(0);

    await runs().settle(claimOf(run), COMPLETED);
    expect(await runs().get(run.id, null, WHOLE_HOUSE)).toBeNull();
    expect((await runs().find(run.id))?.status).toBe("success");
    expect(await ledger.storage.threads.valuesOf(run.threadId)).toEqual({ messages: ["hi"] });

    expect(await runs().sweepTemporary(3600, 100)).toBe(0);
    expect(await runs().sweepTemporary(0, 100)).toBe(1);
    expect(await runs().find(run.id)).toBeNull();
  });
});

describe("active", () => {
  test("newest first over all threads, by status, scope and page", async () => {
    const owner = randomIds.thread();
    const scope = { conditions: [{ key: "owner", operator: "eq", value: owner }] } as const;
    const mine = async () => (await ledger.make.thread({ metadata: { owner } })).id;
    const [one, two] = [await mine(), await mine()];
    const made = [];
    for (const threadId of [one, two, one]) made.push(await ledger.make.run({ threadId }));
    await ledger.make.run();
    await runs().claim({ threadId: one }, LEASE);
    const find = async (status: "pending" | "running" | "all", before: number | null = null, limit = 10) =>
      await runs().active({ status, before, limit }, scope);
    const ids = (found: readonly { readonly runId: RunId }[]) => found.map(({ runId }) => runId);

    expect(ids(await find("all"))).toEqual(made.map(({ id }) => id).toReversed());
    expect(ids(await find("running"))).toEqual([made[0]!.id]);
    expect(ids(await find("pending"))).toEqual([made[2]!.id, made[1]!.id]);
    const page = await find("all", null, 2);
    expect(ids(await find("all", page[1]!.seq, 2))).toEqual([made[0]!.id]);
  });
});
