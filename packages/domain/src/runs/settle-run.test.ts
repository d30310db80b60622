import fc from "fast-check";
import { attemptsExhausted, type GraphFinish, type Outcome, settlementOf, type StopReason } from "./settle-run.js";

const finish = (next: readonly string[]): GraphFinish => ({
  values: {},
  interrupts: {},
  next,
  checkpointId: null,
  output: "{}",
});
const finished = (next: readonly string[]): Outcome => ({ kind: "finished", finish: finish(next) });
const stopped = (reason: StopReason): Outcome => ({ kind: "stopped", reason });
const failed = (retryable: boolean): Outcome => ({
  kind: "failed",
  error: { error: "Boom", message: "no" },
  retryable,
});

describe("settlementOf", () => {
  test("a graph that has nothing left to do is a success", () => {
    expect(settlementOf(finished([]), 1, 3)).toEqual({
      kind: "end",
      status: "success",
      ending: "completed",
      error: null,
    });
  });

  test("a graph that waits for an answer is a success on a paused thread", () => {
    expect(settlementOf(finished(["human"]), 1, 3)).toEqual({
      kind: "end",
      status: "success",
      ending: "paused",
      error: null,
    });
  });

  test("what the graph threw ends the run at once", () => {
    expect(settlementOf(failed(false), 1, 3)).toEqual({
      kind: "end",
      status: "error",
      ending: "failed",
      error: { error: "Boom", message: "no" },
    });
  });

  test("an outage is tried again while attempts are left", () => {
    expect(settlementOf(failed(true), 2, 3)).toEqual({ kind: "retry" });
    expect(settlementOf(failed(true), 3, 3)).toMatchObject({ kind: "end", status: "error" });
  });

  test("a cancelled run is interrupted and leaves no error", () => {
    expect(settlementOf(stopped("cancelled"), 1, 3)).toEqual({
      kind: "end",
      status: "interrupted",
      ending: "cancelled",
      error: null,
    });
  });

  test("a run over its time is a timeout that says so, and its thread shows an error", () => {
    expect(settlementOf(stopped("timed_out"), 1, 3)).toEqual({
      kind: "end",
      status: "timeout",
      ending: "failed",
      error: { error: "TimeoutError", message: expect.stringContaining("longer") },
    });
  });

  test("a rollback removes", () => {
    expect(settlementOf(stopped("rolled_back"), 1, 3)).toEqual({ kind: "roll_back" });
  });

  test("a shutdown gives the run back even on its last attempt", () => {
    expect(settlementOf(stopped("shutting_down"), 3, 3)).toEqual({ kind: "give_back" });
  });

  test("a lost lease records nothing", () => {
    expect(settlementOf(stopped("lease_lost"), 1, 3)).toEqual({ kind: "abandon" });
  });

  test("an error is on record exactly when the thread shows one", () => {
    const outcomes = fc.constantFrom(
      finished([]),
      finished(["a"]),
      failed(true),
      failed(false),
      ...(["cancelled", "rolled_back", "timed_out", "lease_lost", "shutting_down"] as const).map(stopped),
    );
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (outcome, attempt, max) => {
        const settlement = settlementOf(outcome, attempt, max);

        if (settlement.kind === "end") expect(settlement.error !== null).toBe(settlement.ending === "failed");
      }),
    );
  });
});

test("attemptsExhausted names the run and how often it was started", () => {
  expect(attemptsExhausted("r-1", 3, false)).toEqual({
    error: "MaxAttemptsExceeded",
    message: expect.stringMatching(/^Run r-1 exceeded max attempts.*3 times.*ended\.$/),
  });
  expect(attemptsExhausted("r-1", 4, true).message).toMatch(
    /4 times.*the last time with no other such run beside it\.$/,
  );
});
