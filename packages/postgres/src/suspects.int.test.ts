import { type Claim, claimOf, type Lease, type Run } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

/*
 * Runs whose worker died as often as they were started. Each test has workers of its own: nobody else's runs are their
 * company.
 */

const MAX = 3;
const OTHERS = { startedBelow: MAX };

let ledger: TestLedger;
beforeAll(async () => void (ledger = await openLedger()));
afterAll(() => ledger.close());

const runs = () => ledger.storage.runs;
let made = 0;
const aWorker = (): Lease => ({ owner: `worker-${++made}`, seconds: 60 });
const reap = () => runs().reapExpired({ maxAttempts: MAX, limit: 100 });
const statusOf = async (run: Pick<Run, "id">) => (await runs().find(run.id))?.status;

async function expire(...claims: readonly Claim[]): Promise<void> {
  await ledger.pool.query("update runs set lease_expires_at = now() - interval '1 s' where run_id = any($1::uuid[])", [
    claims.map(({ runId }) => runId),
  ]);
}

/** A run that executes for the given time. */
async function started(worker: Lease, times: number, run?: Run): Promise<{ run: Run; claim: Claim }> {
  const it = run ?? (await ledger.make.run());
  await ledger.pool.query("update runs set attempt = $2 where run_id = $1", [it.id, times - 1]);
  const claimed = await runs().claim(it, worker);
  expect(claimed).toMatchObject({ id: it.id, attempt: times });
  return { run: it, claim: claimOf(claimed!) };
}

/** A run that waits for its one start more. */
async function aSuspect(run?: Run): Promise<Run> {
  const worker = aWorker();
  const it = await started(worker, MAX, run);
  const neighbour = await started(worker, 1);
  await expire(it.claim);
  await reap();
  await runs().giveBack(neighbour.claim, { spent: false, lastEvent: -1 });
  await runs().requestCancel([neighbour.run.id], "interrupt");
  expect(await statusOf(it.run)).toBe("pending");
  return it.run;
}

describe("a run whose starts are used up, when its worker is gone,", () => {
  test("fails when it was alone there", async () => {
    const { run, claim } = await started(aWorker(), MAX);
    await started(aWorker(), 1);
    await expire(claim);

    expect(await reap()).toEqual([{ runId: run.id, threadId: run.threadId, outcome: "failed", ring: null }]);
    expect(await statusOf(run)).toBe("error");
  });

  test("waits for one more start when there was another one, and fails after that, in company or not", async () => {
    const worker = aWorker();
    const both = [await started(worker, MAX), await started(worker, MAX)] as const;
    await expire(...both.map(({ claim }) => claim));

    expect(await reap()).toMatchObject([{ outcome: "requeued" }, { outcome: "requeued" }]);

    const next = aWorker();
    const again = await Promise.all(both.map(({ run }) => runs().claim(run, next)));
    expect(again).toMatchObject([{ attempt: MAX + 1 }, { attempt: MAX + 1 }]);
    await expire(...again.map((run) => claimOf(run!)));
    expect(await reap()).toMatchObject([{ outcome: "failed" }, { outcome: "failed" }]);
    const message = expect.stringMatching(/started 4 times .* the last time with no other such run beside it\.$/);
    expect(await runs().find(both[0].run.id)).toMatchObject({ status: "error", error: { message } });
  });

  test("was not alone either when it is taken away as the last one", async () => {
    const worker = aWorker();
    const [first, last] = [await started(worker, 1), await started(worker, MAX)];
    await expire(first.claim);
    expect(await reap()).toMatchObject([{ runId: first.run.id, outcome: "requeued" }]);
    await expire(last.claim);

    expect(await reap()).toMatchObject([{ runId: last.run.id, outcome: "requeued" }]);
  });

  test("was alone when its company was at an earlier start", async () => {
    const worker = aWorker();
    const [first, last] = [await started(worker, 1), await started(worker, MAX - 1)];
    await expire(first.claim);
    await reap();
    await expire(last.claim);
    await reap();

    const { claim } = await started(aWorker(), MAX, last.run);
    await expire(claim);
    expect(await reap()).toMatchObject([{ runId: last.run.id, outcome: "failed" }]);
  });

  test("costs a neighbour nothing that has starts left, and may be cancelled", async () => {
    const worker = aWorker();
    const [young, cancelled] = [await started(worker, 1), await started(worker, MAX)];
    await runs().requestCancel([cancelled.run.id], "interrupt");
    await expire(young.claim, cancelled.claim);
    await reap();

    expect(await statusOf(young.run)).toBe("pending");
    expect(await statusOf(cancelled.run)).toBe("interrupted");
    expect(await runs().claim(young.run, aWorker(), OTHERS)).toMatchObject({ attempt: 2 });
  });
});

describe("whoever holds a suspect", () => {
  const found = async (only?: typeof OTHERS) => new Set(await runs().claimable(0, 1000, "oldest", only));

  test("is neither shown nor given another one, and others are", async () => {
    const suspect = await aSuspect();
    const fresh = await ledger.make.run();

    const shown = await found(OTHERS);
    expect([shown.has(suspect.threadId), shown.has(fresh.threadId)]).toEqual([false, true]);
    expect(await runs().claim(suspect, aWorker(), OTHERS)).toBeNull();
    expect(await runs().claim(fresh, aWorker(), OTHERS)).toMatchObject({ id: fresh.id });

    expect((await found()).has(suspect.threadId)).toBe(true);
    expect(await runs().claim(suspect, aWorker())).toMatchObject({ id: suspect.id, attempt: MAX + 1 });
  });

  test("gets no run that waits behind one", async () => {
    const suspect = await aSuspect();
    const behind = await ledger.make.run({ threadId: suspect.threadId });

    expect((await found(OTHERS)).has(suspect.threadId)).toBe(false);
    expect(await runs().claim(suspect, aWorker(), OTHERS)).toBeNull();
    expect(await statusOf(behind)).toBe("pending");
  });

  test("may roll one back: nothing is executed", async () => {
    const suspect = await aSuspect();
    await runs().requestCancel([suspect.id], "rollback");

    expect((await found(OTHERS)).has(suspect.threadId)).toBe(true);
    expect(await runs().claim(suspect, aWorker(), OTHERS)).toMatchObject({ id: suspect.id, cancelAction: "rollback" });
  });
});

test("a suspect that a deploy gives back is one still, and has its start", async () => {
  const suspect = await aSuspect();
  const claimed = await runs().claim(suspect, aWorker());
  await runs().giveBack(claimOf(claimed!), { spent: false, lastEvent: -1 });

  expect(await runs().claim(suspect, aWorker(), OTHERS)).toBeNull();
  expect(await runs().claim(suspect, aWorker())).toMatchObject({ id: suspect.id, attempt: MAX + 1 });
});
