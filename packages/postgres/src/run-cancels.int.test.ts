import { type Claim, claimOf, type RunId } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { COMPLETED, heldRuns, LEASE } from "../test/held-runs.js";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const { claimed, runs, threadOf } = heldRuns(() => ledger);

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
