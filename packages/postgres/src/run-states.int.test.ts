import {
  allowAll,
  ANONYMOUS,
  asRunId,
  type Claim,
  claimOf,
  makeCancelRuns,
  makeCreateRuns,
  type MultitaskStrategy,
  randomIds,
  type RunRequest,
  type ThreadId,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import fc from "fast-check";

import { ENDINGS, type EndingName, MAX_ATTEMPTS, RunModel } from "../test/run-model.js";

/*
 * Every command that changes a thread's runs, in any order, against a model that is simple enough to be read. After each
 * step the rows are what the model says. Then the same commands from several sides at once, where no model knows the
 * order, but what must never be is known all the same.
 */

type Step =
  | { readonly do: "create"; readonly strategy: MultitaskStrategy; readonly due: boolean }
  | { readonly do: "settle"; readonly claim: number; readonly ending: EndingName }
  | { readonly do: "give back"; readonly claim: number; readonly spent: boolean }
  | { readonly do: "cancel"; readonly which: number; readonly action: "interrupt" | "rollback" }
  | { readonly do: "beat" | "roll back"; readonly claim: number }
  | { readonly do: "delete"; readonly which: number }
  | { readonly do: "claim"; readonly besideSuspect: boolean }
  | { readonly do: "company"; readonly there: boolean }
  | { readonly do: "expire" | "reap" | "ring again" };

// 0 is the newest claim, or all runs; higher numbers go back in time.
const which = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("create" as const),
      strategy: fc.constantFrom<MultitaskStrategy>("enqueue", "enqueue", "reject", "interrupt", "rollback"),
      due: fc.constant(true),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "create", strategy: "enqueue", due: false }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claim" as const), besideSuspect: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("company" as const), there: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      claim: which,
      ending: fc.constantFrom(...(Object.keys(ENDINGS) as EndingName[])),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("give back" as const), claim: which, spent: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("cancel" as const),
      which,
      action: fc.constantFrom("interrupt" as const, "rollback" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("beat" as const, "roll back" as const), claim: which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), which }) },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ do: "expire" }, { do: "reap" }, { do: "ring again" }) },
);

const LEASE = { owner: "w", seconds: 60 };
const REQUEST: Omit<RunRequest, "assistant" | "threadId" | "multitaskStrategy" | "afterSeconds"> = {
  input: {},
  command: null,
  config: {},
  context: null,
  metadata: {},
  checkpoint: {},
  streamModes: null,
  streamSubgraphs: false,
  streamResumable: false,
  interruptBefore: null,
  interruptAfter: null,
  ifNotExists: "reject",
  onCompletion: "keep",
  durability: null,
  feedbackKeys: [],
  webhook: null,
  langsmithTracer: null,
  attached: false,
};

let ledger: TestLedger;
let assistant: string;
beforeAll(async () => {
  ledger = await openLedger({ poolMax: 8 });
  assistant = (await ledger.make.assistant()).id;
});
afterAll(() => ledger.close());

/** The real thing: one thread, and everybody who works on it. */
class Bench {
  readonly threadId: ThreadId;
  /** Newest first. */
  readonly claims: Claim[] = [];
  /** Runs that are not due yet: others may overtake them. */
  readonly late = new Set<string>();
  #neighbour: ThreadId | null = null;
  readonly #create;
  readonly #cancel;

  constructor(threadId: ThreadId) {
    this.threadId = threadId;
    const { storage } = ledger;
    const deps = { storage, authorizer: allowAll, signals: { announce: async () => undefined } };
    const graphs = {
      ids: () => ["agent"],
      known: () => ["agent"],
      has: (id: string) => id === "agent",
      failure: () => null,
    };
    this.#create = makeCreateRuns({ ...deps, graphs, ids: randomIds });
    this.#cancel = makeCancelRuns({ ...deps, forgetRun: async (run) => await this.delete(run.id) });
  }

  /** @returns its id; null when it was refused. */
  async create(multitaskStrategy: MultitaskStrategy, due: boolean): Promise<string | null> {
    const request = { ...REQUEST, assistant, threadId: this.threadId, multitaskStrategy, afterSeconds: due ? 0 : 3600 };
    try {
      const [run] = await this.#create([request], ANONYMOUS);
      if (run !== undefined && !due) this.late.add(run.id);
      return run?.id ?? null;
    } catch (error) {
      if ((error as { code?: string }).code === "thread_busy") return null;
      throw error;
    }
  }

  async claim(besideSuspect: boolean): Promise<Claim | null> {
    const only = besideSuspect ? { startedBelow: MAX_ATTEMPTS } : undefined;
    const run = await ledger.storage.runs.claim({ threadId: this.threadId }, LEASE, only);
    if (run === null) return null;
    this.claims.unshift(claimOf(run));
    return claimOf(run);
  }

  settle(claim: Claim, name: EndingName) {
    const { status, ending } = ENDINGS[name];
    const error = ending === "failed" ? { error: "Boom", message: "no" } : null;
    const left = { snapshot: null, checkpointId: null, lastSeq: 0 };
    return ledger.storage.runs.settle(claim, { status, ending, error, ...left });
  }

  rollBack(claim: Claim) {
    const snapshot = { values: null, interrupts: {} };
    return ledger.storage.runs.rollBack(claim, { snapshot, ending: "completed", lastSeq: 0 });
  }

  async cancel(runIds: readonly string[], action: "interrupt" | "rollback"): Promise<void> {
    if (runIds.length > 0)
      await this.#cancel.listed({ threadId: this.threadId, runIds: runIds.map(asRunId), action }, ANONYMOUS);
  }

  async delete(runId: string): Promise<void> {
    await ledger.storage.transaction(async (tx) => {
      await tx.threads.lock(this.threadId, WHOLE_HOUSE);
      const inflight = await tx.runs.inflight(this.threadId);
      if (!inflight.some(({ id }) => id === runId)) await tx.runs.delete(asRunId(runId), this.threadId);
    });
  }

  async expire(): Promise<void> {
    await ledger.pool.query(
      "update runs set lease_expires_at = now() - interval '1 s' where thread_id = $1 and status = 'running'",
      [this.threadId],
    );
  }

  /** Another thread's run, held by the same worker. */
  async company(there: boolean): Promise<void> {
    if (!there) return await this.#sendHome();
    if (this.#neighbour !== null) return;
    const { id, threadId } = await ledger.make.run();
    this.#neighbour = threadId;
    const { runs } = ledger.storage;
    expect((await runs.claim({ threadId }, LEASE))?.id).toBe(id);
  }

  async #sendHome(): Promise<void> {
    if (this.#neighbour === null) return;
    await ledger.pool.query("delete from runs where thread_id = $1", [this.#neighbour]);
    this.#neighbour = null;
  }

  /** Sweeps look at all threads. */
  async close(): Promise<void> {
    await this.#sendHome();
    await ledger.pool.query("delete from runs where thread_id = $1", [this.threadId]);
  }

  async rows() {
    const { rows } = await ledger.pool.query<{
      id: string;
      status: string;
      fence: number;
      attempt: number;
      cancel: string | null;
      started_at: Date | null;
    }>(
      `select run_id as id, status, fence, attempt, cancel_action as cancel, started_at
       from runs where thread_id = $1 order by seq`,
      [this.threadId],
    );
    return rows;
  }

  async thread(): Promise<{ status: string; resting: string }> {
    const { rows } = await ledger.pool.query<{ status: string; resting: string }>(
      "select status, resting_status as resting from threads where thread_id = $1",
      [this.threadId],
    );
    return rows[0]!;
  }
}

/** Does it on both sides, and compares what was answered. */
async function perform(step: Step, bench: Bench, model: RunModel): Promise<void> {
  const { runs } = ledger.storage;
  const claim = "claim" in step ? bench.claims[step.claim] : undefined;
  switch (step.do) {
    case "create": {
      const refused = model.refuses(step.strategy);
      const id = await bench.create(step.strategy, step.due);
      expect(id === null).toBe(refused);
      if (id !== null) model.create(id, step.strategy, step.due);
      return;
    }
    case "claim": {
      const expected = step.besideSuspect ? model.nextBeside : model.next;
      if (expected !== undefined) model.claim(expected);
      const claimed = await bench.claim(step.besideSuspect);
      expect(claimed && [claimed.runId, claimed.fence]).toEqual(expected ? [expected.id, expected.fence] : null);
      return;
    }
    case "company":
      await bench.company(step.there);
      model.company = step.there;
      return;
    case "cancel": {
      const chosen = step.which === 0 ? model.inflight : model.inflight.slice(step.which - 1, step.which);
      await bench.cancel(
        chosen.map(({ id }) => id),
        step.action,
      );
      // In the order of ids, as rows are locked.
      return model.cancel(chosen, step.action);
    }
    case "delete": {
      const run = model.over[step.which];
      if (run === undefined) return;
      await bench.delete(run.id);
      return model.delete(run);
    }
    case "expire":
      await bench.expire();
      return model.expire();
    case "reap":
      await runs.reapExpired({ maxAttempts: MAX_ATTEMPTS, limit: 100 });
      return model.reap();
    case "ring again":
      expect((await runs.unheard(0, 100)).map(({ runId }) => runId)).toEqual(model.next ? [model.next.id] : []);
      return;
    case "beat":
    case "settle":
    case "give back":
    case "roll back":
      break;
  }
  if (claim === undefined) return;
  const known = { id: claim.runId, fence: claim.fence };
  switch (step.do) {
    case "beat": {
      const held = model.held(known);
      const renewed = await runs.renew([{ ...claim, lastEvent: 0 }], LEASE);
      expect(renewed.map(({ cancelAction }) => cancelAction)).toEqual(held === undefined ? [] : [held.cancel]);
      if (held !== undefined) held.expired = false;
      return;
    }
    case "settle": {
      const settled = await bench.settle(claim, step.ending);
      const expected = model.settle(known, step.ending);
      expect(settled.kind === "settled" ? settled.status : settled.kind).toBe(expected);
      if (settled.kind === "settled" && model.next !== undefined) expect(settled.next?.runId).toBe(model.next.id);
      return;
    }
    case "give back": {
      const given = await runs.giveBack(claim, { spent: step.spent, lastEvent: 0 });
      expect(given.kind === "settled").toBe(model.giveBack(known, step.spent));
      return;
    }
    case "roll back":
      expect((await bench.rollBack(claim)).kind === "settled").toBe(model.rollBack(known));
  }
}

const TERMINAL: ReadonlySet<string> = new Set(["success", "error", "timeout", "interrupted"]);
const SEED = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
/** For shrinking; the whole file has to fit into half a minute. */
const BOUNDS = { seed: SEED, interruptAfterTimeLimit: 9000, markInterruptAsFailure: false, endOnFailure: false };
beforeAll(() => void process.stderr.write(`run states: MODEL_SEED=${SEED}\n`));

test("whatever is done to a thread, its rows are what the model says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const bench = new Bench((await ledger.make.thread()).id);
      const model = new RunModel();
      const ended = new Map<string, string>();
      const fences = new Map<string, number>();
      try {
        for (const one of steps) {
          await perform(one, bench, model);

          const rows = await bench.rows();
          expect(
            rows.map(({ id, status, fence, attempt, cancel }) => ({ id, status, fence, attempt, cancel })),
          ).toEqual(
            model.runs.map(({ id, status, fence, attempt, cancel }) => ({ id, status, fence, attempt, cancel })),
          );
          expect(await bench.thread()).toMatchObject({
            status: model.status,
            ...(model.status === "busy" ? { resting: model.resting } : {}),
          });
          // Said without the model: one executes, an end is for good, a fence only grows.
          expect(rows.filter(({ status }) => status === "running").length).toBeLessThanOrEqual(1);
          for (const { id, status, fence } of rows) {
            expect(fence).toBeGreaterThanOrEqual(fences.get(id) ?? 0);
            fences.set(id, fence);
            if (ended.has(id)) expect(status).toBe(ended.get(id));
            if (TERMINAL.has(status)) ended.set(id, status);
          }
        }
      } finally {
        await bench.close();
      }
    }),
    { ...BOUNDS, numRuns: 120 },
  );
});

/** Does it on whatever is there, and tells who ended which run how. */
async function attempt(step: Step, bench: Bench, endings: Map<string, Set<string>>): Promise<void> {
  const { runs } = ledger.storage;
  const claim = "claim" in step ? bench.claims[step.claim] : undefined;
  switch (step.do) {
    case "create":
      return void (await bench.create(step.strategy, step.due));
    case "claim":
      return void (await bench.claim(step.besideSuspect));
    case "company":
      // One neighbour is enough, and it is there from the beginning.
      return;
    case "cancel": {
      const rows = (await bench.rows()).filter(({ status }) => !TERMINAL.has(status));
      const chosen = step.which === 0 ? rows : rows.slice(step.which - 1, step.which);
      const cancelled = bench.cancel(
        chosen.map(({ id }) => id),
        step.action,
      );
      // They may have gone meanwhile.
      return await cancelled.catch((error: unknown) => expect(error).toMatchObject({ code: "run_not_found" }));
    }
    case "delete":
      return;
    case "expire":
      return await bench.expire();
    case "reap":
      return void (await runs.reapExpired({ maxAttempts: MAX_ATTEMPTS, limit: 100 }));
    case "ring again":
      return void (await runs.unheard(0, 100));
    case "beat":
    case "settle":
    case "give back":
    case "roll back":
      break;
  }
  if (claim === undefined) return;
  switch (step.do) {
    case "beat":
      return void (await runs.renew([{ ...claim, lastEvent: 0 }], LEASE));
    case "settle": {
      const settled = await bench.settle(claim, step.ending);
      if (settled.kind !== "settled") return;
      const known = endings.get(claim.runId) ?? new Set();
      endings.set(claim.runId, known.add(settled.status));
      return;
    }
    case "give back":
      return void (await runs.giveBack(claim, { spent: step.spent, lastEvent: 0 }));
    case "roll back":
      return void (await bench.rollBack(claim));
  }
}

test("whatever is done to a thread at once, nothing breaks that must hold, and every run ends", async () => {
  const lanes = fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(lanes, async (sides) => {
      const bench = new Bench((await ledger.make.thread()).id);
      const endings = new Map<string, Set<string>>();
      try {
        await bench.company(true);
        const work = async (steps: readonly Step[]) => {
          for (const one of steps) await attempt(one, bench, endings);
        };
        await Promise.all(sides.map(work));
        await finishAll(bench);

        const rows = await bench.rows();
        expect(rows.filter(({ status }) => !TERMINAL.has(status))).toEqual([]);
        // Whoever was told that a run ended was told the same, and it is still so.
        for (const { id, status } of rows) expect([...(endings.get(id) ?? [status])]).toEqual([status]);
        // Those that were due began in the order in which they were created.
        const due = rows.filter(({ id }) => !bench.late.has(id));
        const begun = due.flatMap(({ started_at }) => (started_at === null ? [] : [started_at.getTime()]));
        expect(begun).toEqual([...begun].sort((a, b) => a - b));
        const thread = await bench.thread();
        expect(thread.status).toBe(thread.resting);
        const fences = bench.claims.map(({ runId, fence }) => `${runId} ${fence}`);
        expect(new Set(fences).size).toBe(fences.length);
      } finally {
        await bench.close();
      }
    }),
    { ...BOUNDS, numRuns: 40 },
  );
  const deadlocks = await ledger.pool.query(
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  expect(deadlocks.rows).toEqual([{ deadlocks: 0 }]);
});

/** What workers and sweeps do until nothing is left to be done. */
async function finishAll(bench: Bench): Promise<void> {
  await ledger.pool.query("update runs set run_after = now() where thread_id = $1 and status = 'pending'", [
    bench.threadId,
  ]);
  for (;;) {
    await bench.expire();
    await ledger.storage.runs.reapExpired({ maxAttempts: MAX_ATTEMPTS, limit: 100 });
    const claim = await bench.claim(false);
    if (claim === null) return;
    const settled = await bench.settle(claim, "success");
    if (settled.kind === "rollback_wanted") await bench.rollBack(claim);
  }
}
