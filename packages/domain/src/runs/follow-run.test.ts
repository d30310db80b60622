import { anEntry, aRun, runId, threadId } from "../../test/facts.js";
import { asBus, fakeLedger, FakeTapes } from "../../test/fakes.js";
import { unavailable } from "../errors.js";
import { makeFollowRun } from "./follow-run.js";
import type { Run } from "./run.js";
import { END, OPEN, type TapeEntry } from "./tape.js";

const THREAD = threadId(1);
const theEnd = (seq: number, status = "success") =>
  anEntry({ seq, n: -1, event: END, data: JSON.stringify({ status, output: "{}" }) });

function setUp(facts: Partial<Run> = {}) {
  const ledger = fakeLedger();
  ledger.addThread();
  const run = ledger.addRun({ status: "running", ...facts });
  const tapes = new FakeTapes();
  const abort = new AbortController();
  const followRun = makeFollowRun({ storage: ledger, bus: asBus(tapes) });

  /** Reads to the end. */
  const follow = async (afterEvent = -1) => {
    const seen: string[] = [];
    const events = followRun(run, { afterEvent, signal: abort.signal });
    for (;;) {
      const step = await events.next();
      if (step.done === true) return { seen, ended: step.value };
      seen.push(step.value.data);
    }
  };
  const settle = (facts: Partial<Run>) => ledger.rows.runs.set(run.id, aRun({ ...run, ...facts }));
  return { ledger, run, tapes, abort, follow, settle };
}

describe("a run that goes on", () => {
  test("is followed on while the ledger is away", async () => {
    const { ledger, tapes, follow } = setUp();
    const { find } = ledger.runs;
    ledger.runs.find = async (id) => {
      // Asked, and asked again.
      ledger.runs.find = find;
      tapes.add(THREAD, anEntry({ seq: 1, n: 0, runId: id }), theEnd(2));
      throw unavailable("The database is not available.");
    };

    const reading = follow();
    await tapes.waiting();
    tapes.idle();

    expect((await reading).seen).toEqual(["0"]);
  });

  test("is read from its first event to its end entry, which is not shown", async () => {
    const { tapes, follow } = setUp();
    tapes.add(THREAD, anEntry({ seq: 1, n: 0 }));

    const reading = follow();
    await tapes.waiting();
    tapes.add(THREAD, anEntry({ seq: 2, n: 1 }), theEnd(3));

    expect(await reading).toEqual({
      seen: ["0", "1"],
      ended: { status: "success", end: { status: "success", output: "{}" } },
    });
  });

  test("shows neither the entries of other runs nor the opening of attempts", async () => {
    const { tapes, follow } = setUp();
    const other = { runId: runId(2) };
    tapes.add(
      THREAD,
      anEntry({ seq: 1, n: 0, ...other }),
      { ...theEnd(2), ...other },
      anEntry({ seq: 10, n: -1, event: OPEN }),
      anEntry({ seq: 11, n: 0 }),
      anEntry({ seq: 20, n: 5, event: OPEN, attempt: 2 }),
      anEntry({ seq: 21, n: 1, attempt: 2 }),
      theEnd(22),
    );

    expect((await follow()).seen).toEqual(["0", "1"]);
  });

  test("is read from where its part of the tape begins", async () => {
    const { tapes, follow } = setUp({ tapeFrom: 10 });
    tapes.add(THREAD, anEntry({ seq: 10, n: 0, data: '"before"' }), anEntry({ seq: 11, n: 0 }), theEnd(12));

    expect((await follow()).seen).toEqual(["0"]);
  });

  test.each([
    [-1, ["0", "1", "2"]],
    [0, ["1", "2"]],
    [2, []],
    [Number.MAX_SAFE_INTEGER, []],
  ])("after event %d shows the later ones", async (afterEvent, seen) => {
    const { tapes, follow } = setUp();
    tapes.add(THREAD, ...[0, 1, 2].map((n): TapeEntry => anEntry({ seq: n + 1, n })), theEnd(9));

    expect(await follow(afterEvent)).toMatchObject({ seen, ended: { status: "success" } });
  });

  test("goes on after a poke and an idle tick while the ledger says so", async () => {
    const { tapes, follow } = setUp();

    const reading = follow();
    await tapes.waiting();
    await tapes.poke(THREAD);
    await tapes.waiting();
    tapes.idle();
    await tapes.waiting();
    tapes.add(THREAD, anEntry({ seq: 1, n: 0 }), theEnd(2));

    expect((await reading).seen).toEqual(["0"]);
  });

  test("a reader who leaves gets no ending, and nothing is read on", async () => {
    const { tapes, abort, follow } = setUp();

    const reading = follow();
    await tapes.waiting();
    abort.abort();

    expect(await reading).toEqual({ seen: [], ended: null });
    expect(tapes.readers).toBe(0);
  });
});

describe("a run that ends without an end entry", () => {
  test.each(["interrupted", "error", "timeout", "success"] as const)("ends as the ledger says: %s", async (status) => {
    const { tapes, follow, settle } = setUp();

    const reading = follow();
    await tapes.waiting();
    settle({ status });
    await tapes.poke(THREAD);

    expect(await reading).toEqual({ seen: [], ended: { status, end: null } });
  });

  test("ends at the next idle tick when the poke got lost", async () => {
    const { tapes, follow, settle } = setUp();

    const reading = follow();
    await tapes.waiting();
    settle({ status: "interrupted" });
    tapes.idle();

    expect((await reading).ended).toEqual({ status: "interrupted", end: null });
  });

  test("shows what is left on the tape first", async () => {
    const { tapes, follow, settle } = setUp();
    tapes.add(THREAD, anEntry({ seq: 1, n: 0 }));

    const reading = follow();
    await tapes.waiting();
    tapes.keep(THREAD, anEntry({ seq: 2, n: 1 }), anEntry({ seq: 3, n: 0, runId: runId(2) }));
    settle({ status: "error" });
    await tapes.poke(THREAD);

    expect(await reading).toEqual({ seen: ["0", "1"], ended: { status: "error", end: null } });
  });

  test("ends with the end entry when that turns up among what is left", async () => {
    const { tapes, follow, settle } = setUp();

    const reading = follow();
    await tapes.waiting();
    tapes.keep(THREAD, theEnd(1));
    settle({ status: "success" });
    await tapes.poke(THREAD);

    expect((await reading).ended).toEqual({ status: "success", end: { status: "success", output: "{}" } });
  });

  test("was rolled back when its row is gone", async () => {
    const { ledger, run, tapes, follow } = setUp();

    const reading = follow();
    await tapes.waiting();
    ledger.rows.runs.delete(run.id);
    await tapes.poke(THREAD);

    expect((await reading).ended).toEqual({ status: "rolled_back", end: null });
  });
});

describe("a run that is over", () => {
  test("is replayed without waiting", async () => {
    const { tapes, follow } = setUp({ status: "success" });
    tapes.add(THREAD, anEntry({ seq: 1, n: 0 }), anEntry({ seq: 2, n: 1 }), theEnd(3));

    expect(await follow(0)).toEqual({
      seen: ["1"],
      ended: { status: "success", end: { status: "success", output: "{}" } },
    });
  });

  test("whose tape is lost ends at once", async () => {
    const { tapes, follow } = setUp({ status: "error" });
    tapes.add(THREAD, anEntry({ seq: 1 }));
    tapes.lose();

    expect(await follow()).toEqual({ seen: [], ended: { status: "error", end: null } });
  });

  test("shows nothing to a reader who has left already", async () => {
    const { tapes, abort, follow } = setUp({ status: "success" });
    tapes.add(THREAD, anEntry({ seq: 1 }), theEnd(2));
    abort.abort();

    expect(await follow()).toEqual({ seen: [], ended: null });
  });
});

test("a tape that stops without being asked ends the run as interrupted, for want of anything better", async () => {
  const { ledger, run } = setUp();
  async function* nothing() {}
  const followRun = makeFollowRun({
    storage: ledger,
    bus: { ...asBus(new FakeTapes()), read: nothing, replay: nothing },
  });

  const events = followRun(run, { afterEvent: -1, signal: new AbortController().signal });

  expect(await events.next()).toEqual({ done: true, value: { status: "interrupted", end: null } });
});
