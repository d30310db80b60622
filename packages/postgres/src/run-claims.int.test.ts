import { claimOf, randomIds } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { COMPLETED, heldRuns, LEASE } from "../test/held-runs.js";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger({ poolMax: 16 });
});
afterAll(() => ledger.close());

const { claimed, runs } = heldRuns(() => ledger);

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
