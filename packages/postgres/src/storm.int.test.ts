import {
  type Claim,
  type ClaimedRun,
  type Ring,
  type RunId,
  type ThreadId,
  WHOLE_HOUSE,
  claimOf,
} from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

/*
 * Everything that happens to a thread, at once: admissions, cancels, workers that finish, give back, roll back or write
 * late, heartbeats and sweeps. Nothing may deadlock, nothing may be lost, and one run executes at a time.
 */

const CLIENTS = 6;
const RUNS_PER_CLIENT = 15;
const WORKERS = 6;

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger({ poolMax: 20 });
});
afterAll(() => ledger.close());

/** Rings that somebody has to answer, as the queue would keep them. */
class Bell {
  readonly #rings: Ring[] = [];
  readonly #waiting: ((ring: Ring | null) => void)[] = [];
  #closed = false;

  ring(ring: Ring | null): void {
    if (ring === null) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#rings.push(ring);
    else waiting(ring);
  }

  async next(): Promise<Ring | null> {
    const ring = this.#rings.shift();
    if (ring !== undefined) return ring;
    return this.#closed ? null : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.splice(0)) waiting(null);
  }
}

test("a storm on two threads ends with every run over, in order, and no deadlock", async () => {
  const { runs, threads } = ledger.storage;
  const bell = new Bell();
  const threadIds = [(await ledger.make.thread()).id, (await ledger.make.thread()).id];
  const created: RunId[] = [];
  const executing = new Map<ThreadId, RunId>();
  const started = new Map<ThreadId, RunId[]>(threadIds.map((id) => [id, []]));
  let open = CLIENTS * RUNS_PER_CLIENT;
  let turn = 0;

  const over = () => {
    open--;
    if (open === 0) bell.close();
  };

  async function client(): Promise<void> {
    for (let n = 0; n < RUNS_PER_CLIENT; n++) {
      const threadId = threadIds[turn++ % threadIds.length]!;
      const run = await ledger.make.run({ threadId });
      created.push(run.id);
      bell.ring({ runId: run.id, threadId, fence: 0 });
      if (n % 3 === 0) await cancel(threadId, n % 2 === 0 ? "interrupt" : "rollback");
    }
  }

  /** Cancels all that is in flight on a thread, as the multitask strategies do. */
  async function cancel(threadId: ThreadId, action: "interrupt" | "rollback"): Promise<void> {
    const cancelled = await ledger.storage.transaction(async (tx) => {
      await tx.threads.lock(threadId, WHOLE_HOUSE);
      const inflight = await tx.runs.inflight(threadId);
      return tx.runs.requestCancel(
        inflight.map(({ id }) => id),
        action,
      );
    });
    for (const { state, ring } of cancelled) {
      bell.ring(ring);
      if (state === "done") over();
    }
  }

  async function worker(name: string): Promise<void> {
    for (;;) {
      const ring = await bell.next();
      if (ring === null) return;
      const run = await runs.claim(ring, { owner: name, seconds: 15 });
      if (run !== null) await execute(run);
    }
  }

  async function execute(run: ClaimedRun): Promise<void> {
    expect(executing.get(run.threadId)).toBeUndefined();
    executing.set(run.threadId, run.id);
    if (run.fence === 1) started.get(run.threadId)!.push(run.id);
    const claim = claimOf(run);

    const write = ledger.storage.checkpoints.write(checkpoint(claim), claim);
    const beat = runs.renew([{ ...claim, lastEvent: 1 }], { owner: "w", seconds: 15 });
    const sweeps = [runs.reapExpired({ maxAttempts: 3, limit: 10 }), runs.unheard(60, 10), runs.counts()];
    const [held, renewed] = await Promise.all([write, beat, ...sweeps]);
    expect(held).toBe(true);
    expect(renewed).toHaveLength(1);

    executing.delete(run.threadId);
    await finish(run, claim);
    expect(await ledger.storage.checkpoints.write(checkpoint(claim), claim)).toBe(false);
  }

  async function finish(run: ClaimedRun, claim: Claim): Promise<void> {
    if (run.attempt < 3 && run.seqBase % 700_000_000 === 0) {
      const given = await runs.giveBack(claim, { spent: true, lastEvent: 1 });
      expect(given.kind).toBe("settled");
      if (given.kind === "settled") bell.ring(given.next);
      return;
    }
    const settled = await runs.settle(claim, {
      status: "success",
      ending: "completed",
      error: null,
      snapshot: { values: { last: run.id }, interrupts: {} },
      checkpointId: null,
      lastSeq: run.seqBase + 1,
    });
    const end =
      settled.kind === "rollback_wanted"
        ? await runs.rollBack(claim, {
            snapshot: { values: null, interrupts: {} },
            ending: "none",
            lastSeq: run.seqBase + 1,
          })
        : settled;
    expect(end.kind).toBe("settled");
    over();
    if (end.kind === "settled") bell.ring(end.next);
  }

  await Promise.all([
    ...Array.from({ length: CLIENTS }, client),
    ...Array.from({ length: WORKERS }, (_, at) => worker(`worker-${at}`)),
  ]);

  const { rows } = await ledger.pool.query("SELECT status, count(*) AS n FROM runs GROUP BY status");
  expect(rows.map(({ status }) => status).filter((status) => status !== "success" && status !== "interrupted")).toEqual(
    [],
  );
  for (const id of threadIds) {
    expect((await threads.get(id, WHOLE_HOUSE))?.status).not.toBe("error");
    expect(await runs.inflight(id)).toEqual([]);
    const begun = started.get(id)!;
    expect(begun).toEqual(created.filter((runId) => begun.includes(runId)));
  }
  const deadlocks = await ledger.pool.query(
    "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
  );
  expect(deadlocks.rows).toEqual([{ deadlocks: 0 }]);
});

const checkpoint = (claim: Claim) => ({
  threadId: claim.threadId,
  checkpoints: [
    {
      ns: "",
      checkpointId: `${claim.runId}-${claim.fence}`,
      parentId: null,
      checkpoint: {},
      metadata: { run_id: claim.runId },
    },
  ],
  blobs: [],
  writes: [],
});
