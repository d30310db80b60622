import { type Claim, claimOf, type RunId, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { LEASE } from "../test/held-runs.js";

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
      // Each has a worker of its own.
      const lease = { owner: run.id, seconds: 15 };
      let claim = (await storage.runs.claim(run, lease))!;
      for (let n = 1; n < attempts; n++) {
        await storage.runs.giveBack(claimOf(claim), { spent: true, lastEvent: -1 });
        claim = (await storage.runs.claim(run, lease))!;
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
