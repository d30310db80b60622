import { jest } from "@jest/globals";
import {
  type ClaimedRun,
  EncryptionFailed,
  type Ending,
  type EndingSettled,
  type Outcome,
  type RestingState,
  type RunRepository,
  type Settled,
  type StopReason,
  type TerminalStatus,
  unavailable,
} from "@graphfleet/domain";
import { aClaimedRun, aFinish, aLog, FakeQueue, FakeTape, ring, runId } from "../../test/fakes.js";
import { makeSettleRun } from "./settle-run.js";

type Facts = Parameters<typeof aClaimedRun>[0];
type RolledBack = Parameters<RunRepository["rollBack"]>[1];

const RESTING: RestingState = { values: { kept: true }, interrupts: {}, next: [], checkpointId: "c-9" };
const THREAD_VALUES = { model: "thread", field: "values", metadata: {} } as const;
const boom = { error: "Boom", message: "no" };

const finished = (facts?: Parameters<typeof aFinish>[0]): Outcome => ({ kind: "finished", finish: aFinish(facts) });
const failed = (retryable = false): Outcome => ({ kind: "failed", error: boom, retryable });
const stopped = (reason: StopReason): Outcome => ({ kind: "stopped", reason });

function setUp(facts: Facts = {}, { retryDelaysMs = [] as readonly number[] } = {}) {
  const run: ClaimedRun = aClaimedRun(facts);
  const journal: string[] = [];
  const { log, sentences } = aLog();
  const endings: Ending[] = [];
  const refused: string[] = [];
  const givenBack: { spent: boolean; lastEvent: number }[] = [];
  const rolledBack: RolledBack[] = [];
  const queue = new FakeQueue(journal);
  const webhooks = new FakeQueue(journal);
  const tape = new FakeTape(journal, { lastEvent: 4, lastSeq: 110 });

  /** What the ledger will answer. `outages` counts down. */
  const ledger = {
    outages: 0,
    answer: null as EndingSettled | null,
    settled: { kind: "settled", next: ring(2) } as Settled,
    bug: null as Error | null,
    /** Why no state can be written. */
    unsealable: null as EncryptionFailed | null,
    state: (_options: { readonly without: string | null }): Promise<RestingState> => Promise.resolve(RESTING),
  };
  const reach = (what: string) => {
    journal.push(what);
    if (ledger.bug !== null) throw ledger.bug;
    if (ledger.outages-- > 0) throw unavailable("Postgres is away");
  };
  const settleRun = makeSettleRun({
    runs: {
      settle: async (_claim, ending) => {
        reach("settle");
        if (ledger.unsealable !== null && ending.snapshot !== null) throw ledger.unsealable;
        endings.push(ending);
        return ledger.answer ?? { kind: "settled", status: ending.status, next: ring(2) };
      },
      giveBack: async (_claim, how) => {
        reach("give back");
        givenBack.push(how);
        return ledger.settled;
      },
      rollBack: async (_claim, thread) => {
        reach("roll back");
        rolledBack.push(thread);
        return ledger.settled;
      },
    },
    runner: {
      snapshot: async (_thread, options) => {
        journal.push(options.without === null ? "snapshot" : `snapshot without ${options.without}`);
        return await ledger.state(options);
      },
    },
    queue,
    webhooks,
    observer: { refused: (_run, write) => void refused.push(write) },
    log,
    maxAttempts: 3,
    tapeKeepSeconds: 60,
    retryDelaysMs,
  });
  const held = { run, signal: new AbortController().signal, report: () => {}, release: () => {} };
  const settle = (outcome: Outcome) => settleRun(held, outcome, tape);
  return { run, journal, sentences, endings, givenBack, rolledBack, queue, webhooks, tape, ledger, settle };
}

const NEXT = `ring ${runId(2)}`;
const settledAs = (status: TerminalStatus): EndingSettled => ({ kind: "settled", status, next: null });

describe("a run that ends", () => {
  test("is on the tape, then in the ledger, then has its last page, then rings for the next", async () => {
    const { journal, settle } = setUp();

    expect(await settle(finished())).toBe("success");

    expect(journal).toEqual(["flush", "settle", "close success, keep 60", NEXT]);
  });

  test("leaves what the graph left, and room on the tape for the last page", async () => {
    const { endings, tape, settle } = setUp();
    const interrupts = { t: [{ id: "i", value: "?" }] };

    await settle(finished({ interrupts, next: ["human"], output: '{"__interrupt__":[]}' }));

    expect(endings).toEqual([
      {
        status: "success",
        ending: "paused",
        error: null,
        snapshot: { values: { n: 1 }, interrupts },
        checkpointId: "c-1",
        lastSeq: 111,
      },
    ]);
    expect(tape.ended).toEqual({ status: "success", output: '{"__interrupt__":[]}' });
  });

  test("because the graph threw tells readers, the ledger and whoever waits", async () => {
    const { journal, endings, tape, settle } = setUp();

    expect(await settle(failed())).toBe("error");

    expect(journal).toEqual(["snapshot", "append error", "flush", "settle", "close error, keep 60", NEXT]);
    expect(tape.events).toEqual([{ event: "error", data: JSON.stringify(boom) }]);
    expect(endings).toEqual([
      {
        status: "error",
        ending: "failed",
        error: boom,
        snapshot: { values: { kept: true }, interrupts: {} },
        checkpointId: "c-9",
        lastSeq: 112,
      },
    ]);
    expect(JSON.parse(tape.ended!.output!)).toEqual({ __error__: boom });
  });

  test("because its user cancelled it is no error, and answers with what it left", async () => {
    const { journal, endings, tape, settle } = setUp();

    expect(await settle(stopped("cancelled"))).toBe("interrupted");

    expect(journal).toEqual(["snapshot", "flush", "settle", "close interrupted, keep 60", NEXT]);
    expect(endings).toMatchObject([{ status: "interrupted", ending: "cancelled", error: null }]);
    expect(tape.ended!.output).toBe('{"kept":true}');
  });

  test("because its time was over says so", async () => {
    const { endings, tape, settle } = setUp();

    expect(await settle(stopped("timed_out"))).toBe("timeout");

    expect(endings).toMatchObject([{ status: "timeout", ending: "failed", error: { error: "TimeoutError" } }]);
    expect(tape.events).toMatchObject([{ event: "error" }]);
  });

  test("after its last attempt at an outage is an error", async () => {
    expect(await setUp({ attempt: 3 }).settle(failed(true))).toBe("error");
  });

  test("with something that cannot be encrypted fails, and leaves only why", async () => {
    const { journal, endings, tape, ledger, sentences, settle } = setUp();
    ledger.unsealable = new EncryptionFailed("encrypt.json", THREAD_VALUES, "failed");

    expect(await settle(finished())).toBe("error");

    const error = { error: "EncryptionFailed", message: ledger.unsealable.message };
    expect(endings).toMatchObject([{ status: "error", ending: "failed", error, snapshot: null }]);
    expect(journal).toEqual(["flush", "settle", "append error", "flush", "settle", "close error, keep 60", NEXT]);
    expect(JSON.parse(tape.ended!.output!)).toEqual({ __error__: error });
    expect(sentences).toContain("what a run left cannot be encrypted");
  });

  test("on a temporary thread has no state to look for", async () => {
    const { journal, endings, tape, settle } = setUp({ spec: { temporary: true } });

    await settle(stopped("cancelled"));

    expect(journal).not.toContain("snapshot");
    expect(endings).toMatchObject([{ snapshot: null, checkpointId: null }]);
    expect(tape.ended!.output).toBe("{}");
  });

  test("ends even when what it left cannot be read", async () => {
    const { endings, ledger, sentences, settle } = setUp();
    ledger.state = () => Promise.reject(new Error("unreadable"));

    expect(await settle(failed())).toBe("error");

    expect(endings).toMatchObject([{ snapshot: null, checkpointId: null }]);
    expect(sentences).toEqual(["the state that a run left behind could not be read"]);
  });

  test("and left no values answers with an empty object", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.state = async () => ({ ...RESTING, values: null });

    await settle(stopped("cancelled"));

    expect(tape.ended!.output).toBe("{}");
  });

  test("with nobody behind it rings for nobody", async () => {
    const { journal, ledger, settle } = setUp();
    ledger.answer = settledAs("success");

    await settle(finished());

    expect(journal.at(-1)).toBe("close success, keep 60");
  });

  test("has ended even when the bell cannot be reached", async () => {
    const { queue, sentences, settle } = setUp();
    queue.isAway = true;

    expect(await settle(finished())).toBe("success");
    expect(sentences).toEqual(["a ring got lost; the doorbell sweep will repeat it"]);
  });
});

describe("a run with a webhook", () => {
  const HOOK = { spec: { webhook: "/hook" } };

  test("rings for its delivery when everything else is done", async () => {
    const { journal, settle } = setUp(HOOK);
    await settle(finished());
    expect(journal.slice(-2)).toEqual([NEXT, `ring ${runId(1)}`]);
  });

  test("does not ring while it goes on, when it is rolled back, or when another worker has it", async () => {
    const again = setUp(HOOK);
    await again.settle({ kind: "stopped", reason: "shutting_down" });
    const rolledBack = setUp(HOOK);
    await rolledBack.settle({ kind: "stopped", reason: "rolled_back" });
    const stale = setUp(HOOK);
    stale.ledger.answer = { kind: "stale" };
    await stale.settle(finished());
    for (const { journal } of [again, rolledBack, stale]) expect(journal).not.toContain(`ring ${runId(1)}`);
  });

  test("has ended even when the bell cannot be reached", async () => {
    const { webhooks, sentences, settle } = setUp(HOOK);
    webhooks.isAway = true;
    expect(await settle(finished())).toBe("success");
    expect(sentences).toEqual(["a ring got lost; the webhook sweep will repeat it"]);
  });
});

describe("a cancel that was acknowledged first", () => {
  test("wins over a success", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.answer = settledAs("interrupted");

    expect(await settle(finished())).toBe("interrupted");
    expect(tape.ended).toEqual({ status: "interrupted", output: '{"n":1}' });
  });

  test("wins over an error, which is then nobody's answer", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.answer = settledAs("interrupted");

    await settle(failed());

    expect(tape.ended).toEqual({ status: "interrupted", output: '{"kept":true}' });
  });

  test("with rollback turns the ending into a rollback", async () => {
    const { journal, ledger, run, settle } = setUp();
    ledger.answer = { kind: "rollback_wanted" };

    expect(await settle(finished())).toBe("rolled_back");
    expect(journal.slice(-4)).toEqual([`snapshot without ${run.id}`, "roll back", "close rolled_back, keep 60", NEXT]);
  });
});

describe("a rollback", () => {
  test("puts the thread back to where it was without the run", async () => {
    const { rolledBack, tape, settle } = setUp();

    expect(await settle(stopped("rolled_back"))).toBe("rolled_back");

    expect(rolledBack).toEqual([
      { snapshot: { values: { kept: true }, interrupts: {} }, ending: "completed", lastSeq: 111 },
    ]);
    expect(tape.ended).toEqual({ status: "rolled_back", output: '{"kept":true}' });
  });

  test("to a thread that waited makes it wait again", async () => {
    const { rolledBack, ledger, settle } = setUp();
    ledger.state = async () => ({ ...RESTING, next: ["human"] });

    await settle(stopped("rolled_back"));

    expect(rolledBack).toMatchObject([{ ending: "paused" }]);
  });

  test("to an empty thread answers with an empty object", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.state = async () => ({ ...RESTING, values: null });

    await settle(stopped("rolled_back"));

    expect(tape.ended!.output).toBe("{}");
  });

  test("that comes too late is somebody else's", async () => {
    const { journal, ledger, settle } = setUp();
    ledger.settled = { kind: "stale" };

    expect(await settle(stopped("rolled_back"))).toBe("abandoned");
    expect(journal.at(-1)).toBe("release");
  });

  test("that cannot know the state behind the run is not written", async () => {
    const { rolledBack, ledger, settle } = setUp();
    ledger.state = () => Promise.reject(unavailable("Postgres is away"));

    await expect(settle(stopped("rolled_back"))).rejects.toMatchObject({ code: "unavailable" });
    expect(rolledBack).toEqual([]);
  });
});

describe("a run that goes on elsewhere", () => {
  test("after a shutdown has spent no attempt, and its tape stays open", async () => {
    const { journal, givenBack, tape, settle } = setUp({ attempt: 3 });

    expect(await settle(stopped("shutting_down"))).toBe("given_back");

    expect(journal).toEqual(["release", "give back", `ring first ${runId(2)}`]);
    expect(givenBack).toEqual([{ spent: false, lastEvent: 4 }]);
    expect(tape.ended).toBeNull();
  });

  test("after an outage has spent one, and readers hear of no error", async () => {
    const { givenBack, tape, settle } = setUp();

    expect(await settle(failed(true))).toBe("retried");

    expect(givenBack).toEqual([{ spent: true, lastEvent: 4 }]);
    expect(tape.events).toEqual([]);
  });

  test("and is there already is not rung for again", async () => {
    const { journal, ledger, settle } = setUp();
    ledger.settled = { kind: "stale" };

    expect(await settle(stopped("shutting_down"))).toBe("abandoned");
    expect(journal).toEqual(["release", "give back"]);
  });

  test("after its lease was lost is left alone", async () => {
    const { journal, settle } = setUp();

    expect(await settle(stopped("lease_lost"))).toBe("abandoned");
    expect(journal).toEqual(["release"]);
  });

  test("is not ended by a late result, neither in the ledger nor on the tape", async () => {
    const { journal, ledger, tape, sentences, settle } = setUp();
    ledger.answer = { kind: "stale" };

    expect(await settle(finished())).toBe("abandoned");

    expect(journal).toEqual(["flush", "settle", "release"]);
    expect(tape.ended).toBeNull();
    expect(sentences).toEqual(["another worker owns this run now; its result here is void"]);
  });
});

describe("a ledger that is away", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const outcomes: readonly (readonly [string, Outcome])[] = [
    ["success", finished()],
    ["given_back", stopped("shutting_down")],
    ["rolled_back", stopped("rolled_back")],
  ];

  test.each(outcomes)("and comes back gets the result: %s", async (departure, outcome) => {
    const { ledger, sentences, settle } = setUp({}, { retryDelaysMs: [100, 200] });
    ledger.outages = 2;

    const settling = settle(outcome);
    await jest.advanceTimersByTimeAsync(300);

    expect(await settling).toBe(departure);
    expect(sentences).toEqual(Array.from({ length: 2 }, () => "the ledger is away; trying again"));
  });

  test("for too long never gets it", async () => {
    const { journal, ledger, settle } = setUp({}, { retryDelaysMs: [100, 200] });
    ledger.outages = 3;

    const failure = settle(finished()).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(300);

    expect(await failure).toMatchObject({ code: "unavailable" });
    expect(journal).toEqual(["flush", "settle", "settle", "settle"]);
  });

  test("is not to blame for our own bugs, which are not tried again", async () => {
    const { journal, ledger, settle } = setUp({}, { retryDelaysMs: [100] });
    ledger.bug = new TypeError("x is not a function");

    await expect(settle(finished())).rejects.toThrow(TypeError);
    expect(journal).toEqual(["flush", "settle"]);
  });
});
