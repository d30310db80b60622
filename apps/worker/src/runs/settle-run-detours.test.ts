import { jest } from "@jest/globals";
import { type Outcome, unavailable } from "@graphfleet/domain";
import { runId } from "../../test/fakes.js";
import { failed, finished, RESTING, setUp, stopped } from "../../test/settling.js";

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
