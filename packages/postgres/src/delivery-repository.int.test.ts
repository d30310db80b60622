import {
  asDeliveryId,
  type ClaimedDelivery,
  claimOf,
  type ClaimedRun,
  randomIds,
  type RunId,
  type Scope,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { COMPLETED, LEASE } from "../test/held-runs.js";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const runs = () => ledger.storage.runs;
const deliveries = () => ledger.storage.deliveries;
const HOOK = "https://hooks.example.net/lg";
const TRY = { at: "2026-01-01T00:00:00.000Z", duration_ms: 12, response_status: 500, error: "answered 500" };
const RETRY = { kind: "retry", reason: "answered 500", delayMs: 60_000 } as const;
const DELIVERED = { kind: "delivered", reason: null } as const;

async function executing(spec: object = {}): Promise<ClaimedRun> {
  const run = await ledger.make.run({ spec: { webhook: HOOK, input: { n: 1 }, ...spec } });
  return (await runs().claim(run, LEASE))!;
}

/** A run that ended, and so owes a delivery. */
async function ended(spec: object = {}): Promise<ClaimedRun> {
  const run = await executing(spec);
  await runs().settle(claimOf(run), COMPLETED);
  return run;
}

async function claimed(runId: RunId): Promise<ClaimedDelivery> {
  const claim = await deliveries().claim({ runId }, 30);
  expect(claim).not.toBeNull();
  return claim!;
}

const of = (run: { readonly id: RunId }, scope: Scope = WHOLE_HOUSE) =>
  deliveries().list({ runId: run.id, threadId: null }, scope);
const sql = (text: string, id: string) => ledger.pool.query(text, [id]);
const makeDue = (runId: RunId) =>
  sql(
    "update webhook_deliveries set next_attempt_at = now(), rung_at = now() - interval '1 h' where run_id = $1",
    runId,
  );
const expireLease = (runId: RunId) =>
  sql("update runs set lease_expires_at = now() - interval '1 s' where run_id = $1", runId);

describe("a delivery is owed", () => {
  test("once, with the result, when a worker ends the run, however often it says so", async () => {
    const run = await executing();
    await runs().settle(claimOf(run), COMPLETED);
    await runs().settle(claimOf(run), COMPLETED);

    expect(await of(run)).toMatchObject([
      { runId: run.id, threadId: run.threadId, url: HOOK, status: "pending", attempt: 0, attempts: [], endedAt: null },
    ]);
    const { ended: payload, attempt } = await claimed(run.id);
    expect(attempt).toBe(1);
    expect(payload).toMatchObject({
      run_id: run.id,
      thread_id: run.threadId,
      status: "success",
      error: null,
      values: { messages: ["hi"] },
    });
    expect(payload.spec.input).toEqual({ n: 1 });
    expect(new Date(payload.ended_at).getTime()).toBeGreaterThan(new Date(payload.started_at!).getTime());
  });

  test("with the result of that run, whatever the thread does next", async () => {
    const run = await ended();
    const next = await ledger.make.run({ threadId: run.threadId });
    const second = (await runs().claim(next, LEASE))!;
    await runs().settle(claimOf(second), { ...COMPLETED, snapshot: { values: { messages: ["bye"] }, interrupts: {} } });

    expect((await claimed(run.id)).ended.values).toEqual({ messages: ["hi"] });
    expect(await of(second)).toEqual([]);
  });

  test.each(["error", "timeout"] as const)("when it ends as %s, with the error", async (status) => {
    const run = await executing();
    const error = { error: "Boom", message: "no way" };
    await runs().settle(claimOf(run), { ...COMPLETED, status, ending: "failed", error });
    expect((await claimed(run.id)).ended).toMatchObject({ status, error, values: { messages: ["hi"] } });
  });

  test("when a stateless run ends, with what it put out; and stays when its thread is swept", async () => {
    const run = await executing({ temporary: true });
    await runs().settle(claimOf(run), { ...COMPLETED, checkpointId: null });
    await sql("update threads set updated_at = now() - interval '1 h' where thread_id = $1", run.threadId);
    await runs().sweepTemporary(60, 1000);

    expect(await runs().find(run.id)).toBeNull();
    expect((await claimed(run.id)).ended.values).toEqual({ messages: ["hi"] });
  });

  test("without values when the run left none: a reaped one does not get those of the run before it", async () => {
    const first = await ended();
    const run = await ledger.make.run({ threadId: first.threadId, spec: { webhook: HOOK } });
    await runs().claim(run, { owner: run.id, seconds: 15 });
    await expireLease(run.id);
    await runs().reapExpired({ maxAttempts: 1, limit: 1000 });

    const { ended: payload } = await claimed(run.id);
    expect(payload).toMatchObject({ status: "error", error: { error: "MaxAttemptsExceeded" }, values: null });
  });

  test("when a run is cancelled: one that executes, one that waits, one that lost its worker", async () => {
    const running = await executing();
    await runs().requestCancel([running.id], "interrupt");
    expect(await of(running)).toEqual([]);
    await runs().settle(claimOf(running), COMPLETED);

    const waiting = await ledger.make.run({ spec: { webhook: HOOK } });
    await runs().requestCancel([waiting.id], "interrupt");

    const orphan = await executing();
    await runs().requestCancel([orphan.id], "interrupt");
    await expireLease(orphan.id);
    await runs().reapExpired({ maxAttempts: 3, limit: 1000 });

    for (const run of [running, waiting, orphan])
      expect((await claimed(run.id)).ended).toMatchObject({ status: "interrupted", values: null });
  });

  test("not when the run goes on, is rolled back, or has no webhook", async () => {
    const given = await executing();
    await runs().giveBack(claimOf(given), { spent: true, lastEvent: 0 });
    const rolled = await executing();
    const back = { snapshot: { values: null, interrupts: {} }, ending: "none", lastSeq: 0 } as const;
    await runs().rollBack(claimOf(rolled), back);
    const neverStarted = await ledger.make.run({ spec: { webhook: HOOK } });
    await runs().requestCancel([neverStarted.id], "rollback");
    const silent = await ended({ webhook: null });

    for (const run of [given, rolled, neverStarted, silent]) expect(await of(run)).toEqual([]);
  });

  test("not when the transaction that ends the run is undone", async () => {
    const run = await executing();
    const undone = ledger.storage.transaction(async (tx) => {
      await tx.runs.settle(claimOf(run), COMPLETED);
      throw new Error("undo");
    });
    await expect(undone).rejects.toThrow("undo");
    expect(await of(run)).toEqual([]);
  });

  test("no more when the run is deleted, alone or with its thread", async () => {
    const [alone, withThread] = [await ended(), await ended()];
    await runs().delete(alone.id, alone.threadId);
    await ledger.storage.threads.delete(withThread.threadId, WHOLE_HOUSE);
    expect(await of(alone)).toEqual([]);
    expect(await of(withThread)).toEqual([]);
  });
});

describe("claim", () => {
  test("gives a delivery to exactly one of many workers", async () => {
    const run = await ended();
    const claims = await Promise.all(Array.from({ length: 20 }, () => deliveries().claim({ runId: run.id }, 30)));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  });

  test("gives many due deliveries out once each, over many workers", async () => {
    const own = await Promise.all(Array.from({ length: 12 }, () => ended()));
    const seen: string[] = [];
    const worker = async () => {
      for (;;) {
        const claim = await deliveries().claim({ dueSeconds: 0 }, 3600);
        if (claim === null) return;
        seen.push(claim.runId);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    for (const { id } of own) expect(seen.filter((runId) => runId === id)).toHaveLength(1);
  });

  test("gives it to another one when its lease is over; the first can say nothing about it any more", async () => {
    const run = await ended();
    const first = await claimed(run.id);
    await makeDue(run.id);
    const second = await claimed(run.id);
    expect([first.fence, second.fence, second.attempt, second.claims]).toEqual([1, 2, 1, 2]);
    expect(second.id).toBe(first.id);

    expect(await deliveries().finish(first, TRY, DELIVERED)).toBe(false);
    await deliveries().giveBack(first);
    expect(await deliveries().claim({ runId: run.id }, 30)).toBeNull();
    expect(await deliveries().finish(second, TRY, DELIVERED)).toBe(true);
    expect(await of(run)).toMatchObject([{ status: "delivered", attempt: 1, nextAttemptAt: null }]);
  });

  test("finds none of a run that has none, and only those that have been due for long enough", async () => {
    expect(await deliveries().claim({ runId: randomIds.run() }, 30)).toBeNull();
    const run = await ended();
    for (;;) {
      const claim = await deliveries().claim({ dueSeconds: 3600 }, 30);
      if (claim === null) break;
      expect(claim.runId).not.toBe(run.id);
    }
    expect(await deliveries().claim({ runId: run.id }, 30)).not.toBeNull();
  });
});

describe("finish", () => {
  test("retry: due again after the delay, with the try on record", async () => {
    const run = await ended();
    expect(await deliveries().finish(await claimed(run.id), TRY, RETRY)).toBe(true);
    expect(await deliveries().claim({ runId: run.id }, 30)).toBeNull();
    const [delivery] = await of(run);
    expect(delivery).toMatchObject({ status: "pending", attempt: 1, attempts: [TRY], lastError: "answered 500" });

    await makeDue(run.id);
    expect((await claimed(run.id)).attempt).toBe(2);
  });

  test("failed: over, and not claimed again", async () => {
    const run = await ended();
    await deliveries().finish(await claimed(run.id), TRY, { kind: "failed", reason: "gone\0" });
    await makeDue(run.id);
    expect(await deliveries().claim({ runId: run.id }, 30)).toBeNull();
    expect(await of(run)).toMatchObject([{ status: "failed", lastError: "gone", endedAt: expect.any(Date) }]);
  });

  test("the log keeps the newest tries", async () => {
    const run = await ended();
    for (let n = 1; n <= 22; n++) {
      await makeDue(run.id);
      await deliveries().finish(await claimed(run.id), { ...TRY, duration_ms: n }, RETRY);
    }
    const [delivery] = await of(run);
    expect(delivery!.attempts.map(({ duration_ms }) => duration_ms)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 3),
    );
  });
});

test("giveBack: due at once, and the try does not count", async () => {
  const run = await ended();
  await deliveries().giveBack(await claimed(run.id));
  expect(await claimed(run.id)).toMatchObject({ attempt: 1, claims: 1, fence: 2 });
});

test("unheard: marks those that are due and that nobody was rung for, once", async () => {
  const [lost, fresh, waiting] = [await ended(), await ended(), await ended()];
  await deliveries().finish(await claimed(waiting.id), TRY, RETRY);
  await sql(
    "update webhook_deliveries set next_attempt_at = now() - interval '1 h', rung_at = now() - interval '1 h' where run_id = $1",
    lost.id,
  );
  const rungFor = async () => (await deliveries().unheard(60, 1000)).map(({ runId }) => runId);

  const rings = await rungFor();
  expect(rings).toContain(lost.id);
  expect(rings).not.toContain(fresh.id);
  expect(rings).not.toContain(waiting.id);
  expect(await rungFor()).not.toContain(lost.id);
});

describe("replay", () => {
  test("makes a delivery that is over due again, with its old id and its log; of many who ask, one does", async () => {
    const run = await ended();
    const first = await claimed(run.id);
    await deliveries().finish(first, TRY, { kind: "failed", reason: "answered 500" });
    const owner = { runId: run.id, threadId: run.threadId };

    const asked = await Promise.all([1, 2, 3].map(() => deliveries().replay(first.id, owner, WHOLE_HOUSE)));

    expect(asked.filter((one) => one?.ring !== null)).toHaveLength(1);
    const again = await claimed(run.id);
    expect(again).toMatchObject({ id: first.id, attempt: 1, claims: 1 });
    expect(again.fence).toBeGreaterThan(first.fence);
    expect(await of(run)).toMatchObject([{ status: "pending", attempt: 0, attempts: [TRY], endedAt: null }]);
  });

  test("finds nothing of other runs, other threads, or that does not exist", async () => {
    const [run, other] = [await ended(), await ended()];
    const { id } = await claimed(run.id);
    const ask = (runId: RunId, threadId = run.threadId) => deliveries().replay(id, { runId, threadId }, WHOLE_HOUSE);
    expect(await ask(other.id)).toBeNull();
    expect(await ask(run.id, other.threadId)).toBeNull();
    const nobody = asDeliveryId("11111111-2222-4333-8444-555555555555");
    expect(await deliveries().replay(nobody, { runId: run.id, threadId: null }, WHOLE_HOUSE)).toBeNull();
  });
});

test("only who sees the thread sees its deliveries, also after the thread is gone", async () => {
  const scopeOf = (value: string): Scope => ({ conditions: [{ key: "owner", operator: "eq", value }] });
  const thread = await ledger.make.thread({ metadata: { owner: "ann" }, temporary: true });
  const made = await ledger.make.run({ threadId: thread.id, spec: { webhook: HOOK, temporary: true } });
  const run = (await runs().claim(made, LEASE))!;
  await runs().settle(claimOf(run), COMPLETED);
  const owner = { runId: run.id, threadId: null };
  const isSeen = async (name: string) => (await of(run, scopeOf(name))).length === 1;

  expect([await isSeen("ann"), await isSeen("bob")]).toEqual([true, false]);
  await sql("update threads set updated_at = now() - interval '1 h' where thread_id = $1", run.threadId);
  await runs().sweepTemporary(60, 1000);
  expect([await isSeen("ann"), await isSeen("bob")]).toEqual([true, false]);
  const { id } = await claimed(run.id);
  expect(await deliveries().replay(id, owner, scopeOf("bob"))).toBeNull();
});

test("sweepEnded: forgets what has been over for long enough", async () => {
  const [old, young, pending] = [await ended(), await ended(), await ended()];
  for (const run of [old, young]) await deliveries().finish(await claimed(run.id), TRY, DELIVERED);
  await sql("update webhook_deliveries set ended_at = now() - interval '2 h' where run_id = $1", old.id);

  expect(await deliveries().sweepEnded(3600, 1000)).toBe(1);

  expect(await of(old)).toEqual([]);
  expect(await of(young)).toHaveLength(1);
  expect(await of(pending)).toHaveLength(1);
});

test("counts: what is not delivered yet, and how late the oldest is", async () => {
  const before = await deliveries().counts();
  const run = await ended();
  await sql("update webhook_deliveries set next_attempt_at = now() - interval '2 h' where run_id = $1", run.id);
  const after = await deliveries().counts();
  expect(after.pending).toBe(before.pending + 1);
  expect(after.oldestDueSeconds).toBeGreaterThanOrEqual(7200);
});
