import { aRun, anEntry, aSpec, runId, threadId } from "../../test/facts.js";
import { asBus, fakeLedger, fakeSignals, FakeTapes } from "../../test/fakes.js";
import { allowAll } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { WHOLE_HOUSE } from "../auth/scope.js";
import type { GraphThread, StateSnapshot, TaskState } from "../graphs/state.js";
import type { ThreadStatus } from "../threads/thread.js";
import { type CancelRequest, makeCancelRun, makeForgetRun } from "./cancel-run.js";
import { makeFollowRun } from "./follow-run.js";
import type { Run } from "./run.js";
import { END } from "./tape.js";

const THREAD = threadId(1);
const RUN = runId(1);

function setUp(facts: Partial<Run>, status: ThreadStatus = "busy") {
  const ledger = fakeLedger();
  ledger.addThread({ status });
  const run = ledger.addRun(facts);
  const signals = fakeSignals();
  const tapes = new FakeTapes();
  const abort = new AbortController();
  const forgotten: Run[] = [];
  const cancelRun = makeCancelRun({
    storage: ledger,
    authorizer: allowAll,
    signals,
    followRun: makeFollowRun({ storage: ledger, bus: asBus(tapes) }),
    forgetRun: async (one) => void forgotten.push(one),
  });
  const cancel = (request: Partial<CancelRequest> = {}) =>
    cancelRun({ threadId: THREAD, runId: RUN, action: "interrupt", wait: false, ...request }, ANONYMOUS, abort.signal);
  return { ledger, run, signals, tapes, abort, forgotten, cancel };
}

const statusOf = ({ ledger }: ReturnType<typeof setUp>) => ledger.rows.threads.get(THREAD)!.status;

describe("a run that waits", () => {
  test("ends at once, and its thread is idle", async () => {
    const house = setUp({ status: "pending" });

    await house.cancel();

    expect(house.ledger.rows.runs.get(RUN)!.status).toBe("interrupted");
    expect(statusOf(house)).toBe("idle");
    expect(house.signals.announced).toMatchObject([{ cancelled: [{ runId: RUN, state: "done" }] }]);
  });

  test("vanishes at once under rollback", async () => {
    const house = setUp({ status: "pending" });

    await house.cancel({ action: "rollback" });

    expect(house.ledger.rows.runs.has(RUN)).toBe(false);
    expect(statusOf(house)).toBe("idle");
  });

  test.each(["interrupted", "error"] as const)("leaves a thread %s that was so before", async (resting) => {
    for (const action of ["interrupt", "rollback"] as const) {
      const house = setUp({ status: "pending" });
      house.ledger.addThread({ status: "busy", resting });

      await house.cancel({ action });

      expect(statusOf(house)).toBe(resting);
    }
  });

  test("leaves the thread busy when another run is in flight", async () => {
    const house = setUp({ status: "pending" });
    house.ledger.addRun({ id: runId(2), status: "running" });

    await house.cancel();

    expect(statusOf(house)).toBe("busy");
  });

  test("needs no waiting for", async () => {
    const house = setUp({ status: "pending" });

    await house.cancel({ wait: true });

    expect(house.tapes.readers).toBe(0);
  });

  test("is left to a worker when an earlier attempt has to be cleaned up", async () => {
    const house = setUp({ status: "pending", attempt: 1, fence: 1 });

    await house.cancel({ action: "rollback" });

    expect(house.ledger.rows.runs.get(RUN)).toMatchObject({ status: "pending", cancelAction: "rollback" });
    expect(statusOf(house)).toBe("busy");
    expect(house.signals.announced).toMatchObject([
      { cancelled: [{ state: "waiting", ring: { runId: RUN, fence: 1 } }] },
    ]);
  });
});

describe("a run that executes", () => {
  test.each(["interrupt", "rollback"] as const)("is marked for its worker: %s", async (action) => {
    const house = setUp({ status: "running" });

    await house.cancel({ action });

    expect(house.ledger.rows.runs.get(RUN)).toMatchObject({ status: "running", cancelAction: action });
    expect(statusOf(house)).toBe("busy");
    expect(house.signals.announced).toMatchObject([{ cancelled: [{ runId: RUN, state: "marked" }] }]);
  });

  test("is waited for when asked", async () => {
    const house = setUp({ status: "running" });
    let over = false;

    const cancelling = house.cancel({ wait: true }).then(() => (over = true));
    await house.tapes.waiting();
    expect(over).toBe(false);
    house.tapes.add(
      THREAD,
      anEntry({ seq: 1 }),
      anEntry({ seq: 2, n: -1, event: END, data: '{"status":"interrupted"}' }),
    );
    await cancelling;

    expect(over).toBe(true);
  });

  test("is not waited for any longer by someone who left", async () => {
    const house = setUp({ status: "running" });

    const cancelling = house.cancel({ wait: true });
    await house.tapes.waiting();
    house.abort.abort();

    await expect(cancelling).resolves.toBeUndefined();
  });
});

describe("a run that is over", () => {
  test.each(["success", "error", "timeout", "interrupted"] as const)("stays as it is: %s", async (status) => {
    const house = setUp({ status }, "idle");

    await house.cancel({ wait: true });

    expect(house.ledger.rows.runs.get(RUN)!.status).toBe(status);
    expect(house.signals.announced).toEqual([]);
    expect(house.forgotten).toEqual([]);
  });

  test("is removed by a rollback", async () => {
    const house = setUp({ status: "success" }, "idle");

    await house.cancel({ action: "rollback" });

    expect(house.forgotten).toEqual([house.run]);
  });

  test.each([
    ["rollback", 1],
    ["interrupt", 0],
  ] as const)("since a moment ago is treated the same (%s)", async (action, removed) => {
    const house = setUp({ status: "running" });
    house.ledger.meanwhile = () => house.ledger.rows.runs.set(RUN, aRun({ ...house.run, status: "success" }));

    await house.cancel({ action, wait: true });

    expect(house.forgotten).toHaveLength(removed);
  });

  test("and was rolled back a moment ago needs no second rollback", async () => {
    const house = setUp({ status: "running" });
    house.ledger.meanwhile = () => house.ledger.rows.runs.delete(RUN);

    await house.cancel({ action: "rollback", wait: true });

    expect(house.forgotten).toEqual([]);
  });
});

describe("a run that is not there", () => {
  test("cannot be cancelled", async () => {
    await expect(setUp({}).cancel({ runId: runId(9) })).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("on this thread cannot be cancelled through it", async () => {
    await expect(setUp({}).cancel({ threadId: threadId(9) })).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("because its thread was deleted a moment ago says so", async () => {
    const house = setUp({ status: "running" });
    house.ledger.meanwhile = () => house.ledger.rows.threads.delete(THREAD);

    await expect(house.cancel()).rejects.toMatchObject({ code: "thread_not_found" });
  });
});

describe("forgetRun", () => {
  const task = (id: string, interrupts: TaskState["interrupts"]): TaskState => ({
    id,
    name: id,
    path: [],
    error: null,
    interrupts,
    checkpoint: null,
    state: null,
    result: null,
  });
  const aState = (facts: Partial<StateSnapshot>): StateSnapshot => ({
    values: {},
    next: [],
    tasks: [],
    metadata: {},
    createdAt: null,
    checkpoint: null,
    parentCheckpoint: null,
    ...facts,
  });

  function setUpForget(state: StateSnapshot) {
    const ledger = fakeLedger();
    ledger.addThread({ status: "error", values: { old: true }, config: { configurable: { model: "m" } } });
    const run = ledger.addRun({ status: "error", spec: aSpec({ graphId: "agent" }) });
    ledger.checkpoints.head = async () => state.checkpoint?.checkpointId ?? null;
    const asked: GraphThread[] = [];
    const forgetRun = makeForgetRun({
      storage: ledger,
      states: {
        get: async (thread) => {
          asked.push(thread);
          return state;
        },
      },
    });
    return { ledger, run, asked, forget: () => forgetRun(run, WHOLE_HOUSE) };
  }

  test("removes the run, and its thread goes back to the newest checkpoint that is left", async () => {
    const { ledger, forget } = setUpForget(aState({ values: { n: 1 } }));

    await forget();

    expect(ledger.rows.runs.has(RUN)).toBe(false);
    expect(ledger.rows.threads.get(THREAD)).toMatchObject({ status: "idle", values: { n: 1 }, interrupts: {} });
  });

  test("a thread that waited there waits again", async () => {
    const asked = [{ id: "i", value: "?" }];
    const { ledger, forget } = setUpForget(aState({ next: ["human"], tasks: [task("t1", asked), task("t2", [])] }));

    await forget();

    expect(ledger.rows.threads.get(THREAD)).toMatchObject({ status: "interrupted", interrupts: { t1: asked } });
    expect(ledger.rows.threads.get(THREAD)!.interrupts).not.toHaveProperty("t2");
  });

  test("reads the state with the config that the thread last ran with", async () => {
    const { asked, forget } = setUpForget(aState({}));

    await forget();

    expect(asked).toEqual([{ id: THREAD, graphId: "agent", config: { configurable: { model: "m" } } }]);
  });

  test("leaves the thread to a run that started in the meantime", async () => {
    const { ledger, forget } = setUpForget(aState({ values: { n: 1 } }));
    const transaction = ledger.transaction;
    ledger.transaction = async (work) => {
      const result = await transaction(work);
      ledger.addRun({ id: runId(2), status: "running" });
      return result;
    };

    await forget();

    expect(ledger.rows.threads.get(THREAD)!.values).toEqual({ old: true });
  });

  test("leaves the thread to whoever wrote a checkpoint in the meantime", async () => {
    const { ledger, forget } = setUpForget(aState({ values: { n: 1 } }));
    ledger.checkpoints.head = async () => "newer";

    await forget();

    expect(ledger.rows.threads.get(THREAD)!.values).toEqual({ old: true });
  });

  test("is refused while another run of the thread may build on it", async () => {
    const { ledger, forget } = setUpForget(aState({}));
    ledger.addRun({ id: runId(2), status: "pending" });

    await expect(forget()).rejects.toMatchObject({ code: "thread_busy" });
    expect(ledger.rows.runs.has(RUN)).toBe(true);
  });

  test("has nothing to bring up to date when the thread went away in the meantime", async () => {
    const { ledger, forget } = setUpForget(aState({}));
    const transaction = ledger.transaction;
    ledger.transaction = async (work) => {
      const result = await transaction(work);
      ledger.rows.threads.delete(THREAD);
      return result;
    };

    await expect(forget()).resolves.toBeUndefined();
  });

  test("needs the thread", async () => {
    const { ledger, forget } = setUpForget(aState({}));
    ledger.rows.threads.clear();

    await expect(forget()).rejects.toMatchObject({ code: "thread_not_found" });
    expect(ledger.rows.runs.has(RUN)).toBe(true);
  });
});
