import { type Claim, type Ending, type RunId, WHOLE_HOUSE, claimOf, randomIds } from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const LEASE = { owner: "worker-1", seconds: 15 };
const COMPLETED: Ending = {
  status: "success",
  ending: "completed",
  error: null,
  snapshot: { values: { messages: ["hi"] }, interrupts: {} },
  checkpointId: "1ef",
  lastSeq: 0,
};

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger({ poolMax: 16 });
});
afterAll(() => ledger.close());

const runs = () => ledger.storage.runs;
const threadOf = async (run: { readonly threadId: Claim["threadId"] }) =>
  (await ledger.storage.threads.get(run.threadId, WHOLE_HOUSE))!;

async function claimed(fields: Parameters<TestLedger["make"]["run"]>[0] = {}) {
  const run = await ledger.make.run(fields);
  return (await runs().claim(run, LEASE))!;
}

/** The end of a lease, without waiting for it. */
async function expireLease(runId: RunId) {
  await ledger.pool.query("UPDATE runs SET lease_expires_at = now() - interval '1 s' WHERE run_id = $1", [runId]);
}

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

describe("claim", () => {
  test("of eight workers that ring at once, one gets the run", async () => {
    const run = await ledger.make.run();
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, at) => runs().claim(run, { owner: `worker-${at}`, seconds: 15 })),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await runs().find(run.id)).toMatchObject({ status: "running", attempt: 1, fence: 1 });
  });

  test("takes the oldest run of the thread, whichever was rung for, and one at a time", async () => {
    const { id: threadId } = await ledger.make.thread();
    const first = await ledger.make.run({ threadId });
    const second = await ledger.make.run({ threadId });

    const claim = await runs().claim({ threadId }, LEASE);
    expect(claim?.id).toBe(first.id);
    expect(await runs().claim({ threadId }, LEASE)).toBeNull();

    const settled = await runs().settle(claimOf(claim!), COMPLETED);
    expect(settled).toMatchObject({ kind: "settled", status: "success", next: { runId: second.id, threadId } });
    expect((await runs().claim({ threadId }, LEASE))?.id).toBe(second.id);
  });

  test("gives every attempt tape numbers of its own, above all that were used", async () => {
    const { id: threadId } = await ledger.make.thread();
    await ledger.make.run({ threadId });
    const first = (await runs().claim({ threadId }, LEASE))!;
    expect(first.seqBase).toBeGreaterThan(first.tapeFrom);

    await runs().settle(claimOf(first), { ...COMPLETED, lastSeq: first.seqBase + 41 });
    const later = await ledger.make.run({ threadId });
    expect(later.tapeFrom).toBe(first.seqBase + 41);
    const second = (await runs().claim({ threadId }, LEASE))!;
    expect(second.seqBase).toBeGreaterThan(first.seqBase + 41);
  });

  test("the database itself refuses a second running run on a thread", async () => {
    const { threadId } = await claimed();
    const other = await ledger.make.run({ threadId });
    const steal = ledger.pool.query(
      "UPDATE runs SET status = 'running', lease_owner = 'x', lease_expires_at = now() WHERE run_id = $1",
      [other.id],
    );
    await expect(steal).rejects.toMatchObject({ constraint: "runs_one_running_per_thread" });
  });

  test("finds nothing on a thread that does not exist", async () => {
    expect(await runs().claim({ threadId: randomIds.thread() }, LEASE)).toBeNull();
  });
});

describe("claimable", () => {
  test("sees threads whose oldest due run waits for a worker, and no others", async () => {
    const look = async (dueSeconds = 0) => new Set<string>(await runs().claimable(dueSeconds, 1000, "urgent"));
    const waiting = await ledger.make.run();
    await ledger.make.run({ threadId: waiting.threadId });
    const delayed = await ledger.make.run({ afterSeconds: 3600 });
    const busy = await claimed();
    await ledger.make.run({ threadId: busy.threadId });

    const seen = await runs().claimable(0, 1000, "urgent");
    expect(seen.filter((id) => id === waiting.threadId)).toHaveLength(1);
    expect(seen).not.toContain(delayed.threadId);
    expect(seen).not.toContain(busy.threadId);

    expect((await look(60)).has(waiting.threadId)).toBe(false);
    await ledger.pool.query("UPDATE runs SET run_after = now() - interval '61 s' WHERE run_id = $1", [waiting.id]);
    expect((await look(60)).has(waiting.threadId)).toBe(true);
    await runs().claim(waiting, LEASE);
    expect((await look()).has(waiting.threadId)).toBe(false);
  });

  test("is bounded, longest wait first", async () => {
    const run = await ledger.make.run();
    await ledger.pool.query("UPDATE runs SET run_after = now() - interval '1 day' WHERE run_id = $1", [run.id]);
    expect(await runs().claimable(0, 1, "urgent")).toEqual([run.threadId]);
  });

  test("one connection can be asked for both orders", async () => {
    const narrow = await openLedger({ poolMax: 1 });
    try {
      const { runs: look } = narrow.storage;
      const [late, early] = [await narrow.make.run({ priority: 10 }), await narrow.make.run()];
      expect(await look.claimable(0, 10, "urgent")).toEqual([early.threadId, late.threadId]);
      expect(await look.claimable(0, 10, "oldest")).toEqual([late.threadId, early.threadId]);
    } finally {
      await narrow.close();
    }
  });
});

describe("renew", () => {
  test("answers for held runs only, and tells of cancels", async () => {
    const [one, two, lost] = [await claimed(), await claimed(), await claimed()];
    await runs().requestCancel([two.id], "interrupt");

    const renewals = await runs().renew(
      [
        { ...claimOf(one), lastEvent: 7 },
        { ...claimOf(two), lastEvent: -1 },
        { ...claimOf(lost), fence: lost.fence - 1, lastEvent: -1 },
      ],
      LEASE,
    );
    expect(renewals).toHaveLength(2);
    expect(renewals).toContainEqual({ runId: one.id, fence: 1, cancelAction: null });
    expect(renewals).toContainEqual({ runId: two.id, fence: 1, cancelAction: "interrupt" });

    await runs().giveBack(claimOf(one), { spent: true, lastEvent: 3 });
    expect((await runs().claim(one, LEASE))?.lastEvent).toBe(7);
  });

  test("works while every other connection of the process is busy", async () => {
    const small = await openLedger({ poolMax: 1 });
    try {
      const run = await small.make.run();
      const claim = claimOf((await small.storage.runs.claim(run, LEASE))!);
      await small.storage.transaction(async () => {
        expect(await small.storage.runs.renew([{ ...claim, lastEvent: 0 }], LEASE)).toHaveLength(1);
      });
    } finally {
      await small.close();
    }
  });
});

describe("settle", () => {
  test("ends the run and brings the thread up to date", async () => {
    const run = await claimed();
    expect(await runs().settle(claimOf(run), COMPLETED)).toEqual({ kind: "settled", status: "success", next: null });
    expect(await runs().find(run.id)).toMatchObject({ status: "success", checkpointId: "1ef", error: null });
    expect(await threadOf(run)).toMatchObject({ status: "idle", values: { messages: ["hi"] }, interrupts: {} });
    expect((await threadOf(run)).stateUpdatedAt).not.toBeNull();
  });

  test.each([
    ["paused", "interrupted"],
    ["failed", "error"],
    ["cancelled", "idle"],
  ] as const)("a run that %s leaves its thread %s", async (ending, status) => {
    const run = await claimed();
    const error = ending === "failed" ? { error: "Boom", message: "no\u0000 way" } : null;
    await runs().settle(claimOf(run), { ...COMPLETED, status: "error", ending, error });
    const thread = await threadOf(run);
    expect(thread.status).toBe(status);
    expect(thread.error).toEqual(ending === "failed" ? { error: "Boom", message: "no way" } : null);
  });

  test("without a snapshot the thread keeps its values; with waiting runs it stays busy", async () => {
    const run = await claimed();
    const next = await ledger.make.run({ threadId: run.threadId });
    await runs().settle(claimOf(run), COMPLETED);
    expect((await threadOf(run)).status).toBe("busy");

    const second = (await runs().claim(next, LEASE))!;
    await runs().settle(claimOf(second), { ...COMPLETED, snapshot: null, status: "timeout", ending: "failed" });
    expect(await threadOf(run)).toMatchObject({ status: "error", values: { messages: ["hi"] } });
  });

  test("a delayed run keeps the thread busy and is not rung for", async () => {
    const run = await claimed();
    await ledger.make.run({ threadId: run.threadId, afterSeconds: 3600 });
    expect(await runs().settle(claimOf(run), COMPLETED)).toMatchObject({ next: null });
    expect((await threadOf(run)).status).toBe("busy");
  });

  test("an ending whose answer got lost can be told again, and still rings for the next run", async () => {
    const run = await claimed();
    await runs().settle(claimOf(run), COMPLETED);
    const next = await ledger.make.run({ threadId: run.threadId });

    expect(await runs().settle(claimOf(run), COMPLETED)).toEqual({
      kind: "settled",
      status: "success",
      next: { runId: next.id, threadId: run.threadId, fence: 0 },
    });
  });

  test("a stale worker changes nothing", async () => {
    const first = await claimed();
    await expireLease(first.id);
    await runs().reapExpired({ maxAttempts: 3, limit: 100 });
    const second = (await runs().claim(first, { owner: "worker-2", seconds: 15 }))!;
    expect(second.fence).toBe(2);

    expect(await runs().settle(claimOf(first), COMPLETED)).toEqual({ kind: "stale" });
    expect(await runs().giveBack(claimOf(first), { spent: true, lastEvent: 0 })).toEqual({ kind: "stale" });
    const back = { snapshot: { values: null, interrupts: {} }, ending: "none", lastSeq: 0 } as const;
    expect(await runs().rollBack(claimOf(first), back)).toEqual({ kind: "stale" });
    expect(await runs().find(first.id)).toMatchObject({ status: "running", fence: 2 });
    expect((await threadOf(first)).values).toBeNull();
  });

  test("a cancel that was acknowledged before wins over the ending", async () => {
    const interrupted = await claimed();
    await runs().requestCancel([interrupted.id], "interrupt");
    const failure = { ...COMPLETED, status: "error", ending: "failed", error: { error: "E", message: "m" } } as const;
    expect(await runs().settle(claimOf(interrupted), failure)).toMatchObject({ status: "interrupted" });
    expect(await runs().find(interrupted.id)).toMatchObject({ status: "interrupted", error: null });
    expect(await threadOf(interrupted)).toMatchObject({ status: "idle", error: null });

    const rolledBack = await claimed();
    await runs().requestCancel([rolledBack.id], "rollback");
    expect(await runs().settle(claimOf(rolledBack), COMPLETED)).toEqual({ kind: "rollback_wanted" });
    expect((await runs().find(rolledBack.id))?.status).toBe("running");
  });

  test("a run that was deleted with its thread is stale", async () => {
    const run = await claimed();
    await ledger.storage.threads.delete(run.threadId, WHOLE_HOUSE);
    expect(await runs().settle(claimOf(run), COMPLETED)).toEqual({ kind: "stale" });
  });
});

describe("giveBack", () => {
  test("an unspent attempt does not count, and the run is claimed again with a new fence", async () => {
    const run = await claimed();
    const given = await runs().giveBack(claimOf(run), { spent: false, lastEvent: 12 });
    expect(given).toEqual({ kind: "settled", next: { runId: run.id, threadId: run.threadId, fence: 1 } });
    const again = (await runs().claim(run, LEASE))!;
    expect(again).toMatchObject({ attempt: 1, fence: 2, lastEvent: 12, startedAt: run.startedAt });

    await runs().giveBack(claimOf(again), { spent: true, lastEvent: 0 });
    expect(await runs().claim(run, LEASE)).toMatchObject({ attempt: 2, fence: 3, lastEvent: 12 });
  });
});

describe("requestCancel", () => {
  const cancel = (id: RunId, action: "interrupt" | "rollback") => runs().requestCancel([id], action);

  test("a run that never started ends or vanishes at once", async () => {
    const one = await ledger.make.run();
    expect(await cancel(one.id, "interrupt")).toEqual([
      { runId: one.id, threadId: one.threadId, state: "done", ring: null },
    ]);
    expect(await runs().find(one.id)).toMatchObject({ status: "interrupted" });
    expect((await runs().find(one.id))?.endedAt).not.toBeNull();

    const two = await ledger.make.run();
    expect(await cancel(two.id, "rollback")).toMatchObject([{ state: "done" }]);
    expect(await runs().find(two.id)).toBeNull();
  });

  test("a run that waits for another attempt ends, or waits for a worker to take it back", async () => {
    const one = await claimed();
    await runs().giveBack(claimOf(one), { spent: true, lastEvent: 0 });
    expect(await cancel(one.id, "interrupt")).toMatchObject([{ state: "done" }]);

    // Given back unspent counts no attempt, but it has written: it must not simply vanish.
    const two = await claimed();
    await runs().giveBack(claimOf(two), { spent: false, lastEvent: 0 });
    expect(await cancel(two.id, "rollback")).toEqual([
      {
        runId: two.id,
        threadId: two.threadId,
        state: "waiting",
        ring: { runId: two.id, threadId: two.threadId, fence: 1 },
      },
    ]);
    expect(await cancel(two.id, "interrupt")).toMatchObject([{ state: "waiting" }]);
    expect(await runs().claim(two, LEASE)).toMatchObject({ cancelAction: "rollback" });
  });

  test("a running run is marked; a rollback is not downgraded, an interrupt is upgraded", async () => {
    const run = await claimed();
    expect(await cancel(run.id, "interrupt")).toMatchObject([{ state: "marked", ring: null }]);
    expect(await runs().find(run.id)).toMatchObject({ status: "running", cancelAction: "interrupt" });
    await cancel(run.id, "rollback");
    await cancel(run.id, "interrupt");
    expect(await runs().find(run.id)).toMatchObject({ cancelAction: "rollback" });
  });

  test("runs that are over are left out", async () => {
    const run = await claimed();
    await runs().settle(claimOf(run), COMPLETED);
    expect(await cancel(run.id, "interrupt")).toEqual([]);
    expect(await runs().requestCancel([], "rollback")).toEqual([]);
  });
});

describe("rollBack and delete", () => {
  const writeCheckpoint = async (claim: Claim, checkpointId: string, parentId: string | null) => {
    const held = await ledger.storage.checkpoints.write(
      {
        threadId: claim.threadId,
        checkpoints: [{ ns: "", checkpointId, parentId, checkpoint: {}, metadata: { run_id: claim.runId } }],
        blobs: [{ ns: "", channel: "c", version: checkpointId, type: "json", bytes: new Uint8Array([1]) }],
        writes: [
          {
            ns: "",
            checkpointId: parentId ?? checkpointId,
            taskId: "t",
            idx: Number(checkpointId),
            channel: "c",
            type: "json",
            bytes: new Uint8Array([2]),
            replace: false,
          },
        ],
      },
      claim,
    );
    expect(held).toBe(true);
  };
  const writesOf = async (threadId: string) => {
    const { rows } = await ledger.pool.query(
      "SELECT checkpoint_id, run_id FROM checkpoint_writes WHERE thread_id = $1",
      [threadId],
    );
    return rows;
  };

  test("takes the run away with all it wrote, also on checkpoints of others, and restores the thread", async () => {
    const { id: threadId } = await ledger.make.thread();
    await ledger.make.run({ threadId });
    const first = (await runs().claim({ threadId }, LEASE))!;
    await writeCheckpoint(claimOf(first), "1", null);
    await runs().settle(claimOf(first), { ...COMPLETED, ending: "paused" });

    await ledger.make.run({ threadId });
    const waiting = await ledger.make.run({ threadId, afterSeconds: 3600 });
    const second = (await runs().claim({ threadId }, LEASE))!;
    await writeCheckpoint(claimOf(second), "2", "1");
    expect(await writesOf(threadId)).toHaveLength(2);

    await runs().requestCancel([second.id], "rollback");
    await runs().requestCancel([waiting.id], "rollback");
    const settled = await runs().rollBack(claimOf(second), {
      snapshot: { values: { before: true }, interrupts: {} },
      ending: "paused",
      lastSeq: second.seqBase + 5,
    });
    expect(settled).toEqual({ kind: "settled", next: null });
    expect(await runs().find(second.id)).toBeNull();
    expect(await ledger.storage.checkpoints.head(threadId, "")).toBe("1");
    expect(await writesOf(threadId)).toEqual([{ checkpoint_id: "1", run_id: first.id }]);
    expect(await threadOf(second)).toMatchObject({ status: "interrupted", values: { before: true } });
  });

  test.each([
    [{ status: "error", ending: "failed", error: { error: "E", message: "m" } } as const, "error"],
    [{ status: "interrupted", ending: "cancelled" } as const, "idle"],
  ])("leaves the thread as the run before left it: %j", async (ending, status) => {
    const first = await claimed();
    await runs().settle(claimOf(first), { ...COMPLETED, ...ending });
    const before = await threadOf(first);

    const neverStarted = await ledger.make.run({ threadId: first.threadId });
    await runs().requestCancel([neverStarted.id], "interrupt");
    await ledger.make.run({ threadId: first.threadId });
    const second = (await runs().claim({ threadId: first.threadId }, LEASE))!;
    await runs().requestCancel([second.id], "rollback");
    const snapshot = { values: {}, interrupts: {} };
    await runs().rollBack(claimOf(second), { snapshot, ending: "paused", lastSeq: second.seqBase + 1 });

    expect(await threadOf(first)).toMatchObject({ status, error: before.error });
  });

  test("a run that had begun leaves an idle thread when it is cancelled while it waits for its next attempt", async () => {
    const first = await claimed();
    const failure = { ...COMPLETED, status: "error", ending: "failed", error: { error: "E", message: "m" } } as const;
    await runs().settle(claimOf(first), failure);

    const { threadId } = await ledger.make.run({ threadId: first.threadId });
    await ledger.storage.threads.markBusy(threadId, null);
    const second = (await runs().claim({ threadId }, LEASE))!;
    await runs().giveBack(claimOf(second), { spent: false, lastEvent: -1 });
    await runs().requestCancel([second.id], "interrupt");
    await ledger.storage.threads.rest(threadId);

    expect(await threadOf(first)).toMatchObject({ status: "idle", error: null });
  });

  test("deletes a run that is over, and no other", async () => {
    const run = await claimed();
    await writeCheckpoint(claimOf(run), "1", null);
    await runs().delete(run.id, run.threadId);
    expect(await runs().find(run.id)).not.toBeNull();

    await runs().settle(claimOf(run), COMPLETED);
    await runs().delete(run.id, run.threadId);
    expect(await runs().find(run.id)).toBeNull();
    expect(await ledger.storage.checkpoints.head(run.threadId, "")).toBeNull();
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

describe("sweeps", () => {
  let quiet: TestLedger;
  beforeEach(async () => {
    quiet = await openLedger();
  });
  afterEach(() => quiet.close());

  const age = (runId: RunId, seconds: number) =>
    quiet.pool.query(
      `UPDATE runs SET run_after = run_after - make_interval(secs => $2), rung_at = rung_at - make_interval(secs => $2)
       WHERE run_id = $1`,
      [runId, seconds],
    );

  test("rings again for what nobody came for, once per interval, and not for what has to wait", async () => {
    const lost = await quiet.make.run();
    const behind = await quiet.make.run({ threadId: lost.threadId });
    await quiet.make.run(); // rung for just now
    const running = await quiet.make.run();
    await quiet.storage.runs.claim(running, LEASE);
    const blocked = await quiet.make.run({ threadId: running.threadId });
    for (const run of [lost, behind, blocked]) await age(run.id, 60);

    const [mine, theirs] = await Promise.all([quiet.storage.runs.unheard(30, 10), quiet.storage.runs.unheard(30, 10)]);
    expect([...mine, ...theirs]).toEqual([{ runId: lost.id, threadId: lost.threadId, fence: 0 }]);
    expect(await quiet.storage.runs.unheard(30, 10)).toEqual([]);
  });

  test("a delayed run is unheard only some time after it became due", async () => {
    const run = await quiet.make.run({ afterSeconds: 3600 });
    await age(run.id, 3590);
    expect(await quiet.storage.runs.unheard(30, 10)).toEqual([]);
    await age(run.id, 60);
    expect(await quiet.storage.runs.unheard(30, 10)).toHaveLength(1);
  });

  test("takes runs away from dead workers, by what is known of them", async () => {
    const { storage, make, pool } = quiet;
    const hold = async (attempts = 1) => {
      const run = await make.run();
      let claim = (await storage.runs.claim(run, LEASE))!;
      for (let n = 1; n < attempts; n++) {
        await storage.runs.giveBack(claimOf(claim), { spent: true, lastEvent: -1 });
        claim = (await storage.runs.claim(run, LEASE))!;
      }
      return claim;
    };
    const [retry, exhausted, interrupted, rolledBack, alive] = [
      await hold(),
      await hold(3),
      await hold(),
      await hold(3),
      await hold(),
    ];
    await storage.runs.requestCancel([interrupted.id], "interrupt");
    await storage.runs.requestCancel([rolledBack.id], "rollback");
    const waiting = await make.run({ threadId: interrupted.threadId });
    await pool.query(
      "UPDATE runs SET lease_expires_at = now() - interval '1 s' WHERE status = 'running' AND run_id <> $1",
      [alive.id],
    );

    // Two sweepers at once share the work.
    const reaped = (
      await Promise.all([1, 2].map(() => storage.runs.reapExpired({ maxAttempts: 3, limit: 10 })))
    ).flat();
    expect(reaped).toHaveLength(4);
    const ring = (run: { id: RunId; threadId: Claim["threadId"]; fence: number }) => ({
      runId: run.id,
      threadId: run.threadId,
      fence: run.fence,
    });
    expect(reaped).toContainEqual({
      runId: retry.id,
      threadId: retry.threadId,
      outcome: "requeued",
      ring: ring(retry),
    });
    expect(reaped).toContainEqual({
      runId: rolledBack.id,
      threadId: rolledBack.threadId,
      outcome: "requeued",
      ring: ring(rolledBack),
    });
    expect(reaped).toContainEqual({
      runId: interrupted.id,
      threadId: interrupted.threadId,
      outcome: "interrupted",
      ring: ring(waiting),
    });
    expect(reaped).toContainEqual({ runId: exhausted.id, threadId: exhausted.threadId, outcome: "failed", ring: null });

    expect(await storage.runs.find(exhausted.id)).toMatchObject({
      status: "error",
      error: { error: "MaxAttemptsExceeded" },
    });
    expect(await storage.threads.get(exhausted.threadId, WHOLE_HOUSE)).toMatchObject({ status: "error" });
    expect(await storage.threads.get(interrupted.threadId, WHOLE_HOUSE)).toMatchObject({ status: "busy" });
    expect(await storage.runs.claim(rolledBack, LEASE)).toMatchObject({ cancelAction: "rollback", attempt: 4 });
    expect(await storage.runs.reapExpired({ maxAttempts: 3, limit: 10 })).toEqual([]);
  });

  test("counts what waits for a worker, not what waits for its thread", async () => {
    const running = await quiet.make.run();
    await quiet.storage.runs.claim(running, LEASE);
    await quiet.make.run({ threadId: running.threadId });
    await quiet.make.run({ afterSeconds: 3600 });
    expect(await quiet.storage.runs.counts()).toEqual({ pending: 0, running: 1, oldestPendingSeconds: 0 });

    const old = await quiet.make.run();
    await age(old.id, 60);
    const counts = await quiet.storage.runs.counts();
    expect(counts).toMatchObject({ pending: 1, running: 1 });
    expect(counts.oldestPendingSeconds).toBeGreaterThanOrEqual(60);
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
