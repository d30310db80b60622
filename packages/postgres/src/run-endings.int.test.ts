import { claimOf, type RunId, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { COMPLETED, heldRuns, LEASE } from "../test/held-runs.js";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const { claimed, runs, threadOf } = heldRuns(() => ledger);

/** The end of a lease, without waiting for it. */
async function expireLease(runId: RunId) {
  await ledger.pool.query("UPDATE runs SET lease_expires_at = now() - interval '1 s' WHERE run_id = $1", [runId]);
}

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
