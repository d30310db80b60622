import { asRunId, asThreadId, type Run, type TapeEntry } from "@graphfleet/domain";
import { readingPoint } from "./reading-point.js";

const runId = asRunId("r");
const nothingOld = Number.MAX_SAFE_INTEGER;

const run = (status: Run["status"], attached: boolean): Run =>
  ({ id: runId, threadId: asThreadId("t"), status, tapeFrom: 0, spec: { attached } }) as Run;

/** A tape on which the run has reached this event, behind another run's. */
const tapeUpTo = (last: number) => ({
  async *replay(): AsyncGenerator<TapeEntry> {
    yield { runId: asRunId("other"), n: 500 } as TapeEntry;
    for (let n = 0; n <= last; n++) yield { runId, n } as TapeEntry;
  },
});

describe("readingPoint", () => {
  test.each([
    ["a running run", run("running", true), -1],
    ["a finished background run", run("success", false), -1],
    ["a finished run whose creator read along", run("success", true), nothingOld],
  ])("without an id: %s", async (_what, which, expected) => {
    expect(await readingPoint(which, undefined, tapeUpTo(3))).toBe(expected);
    expect(await readingPoint(which, "", tapeUpTo(3))).toBe(expected);
  });

  test.each([
    ["-1", -1],
    ["0", 0],
    ["2", 2],
    ["3", 3],
    // Another run's id, or none at all: what is new from now on.
    ["57", 3],
    ["garbage", 3],
    ["1700000000000-0", 3],
  ])("a running run that reached event 3, after %s", async (id, expected) => {
    expect(await readingPoint(run("running", true), id, tapeUpTo(3))).toBe(expected);
  });

  test.each([
    ["-1", -1],
    ["1", 1],
    ["garbage", nothingOld],
  ])("a finished run, after %s", async (id, expected) => {
    expect(await readingPoint(run("success", true), id, tapeUpTo(3))).toBe(expected);
  });

  test("a tape that cannot be read proves nothing", async () => {
    expect(await readingPoint(run("running", true), "7", tapeUpTo(-1))).toBe(7);
  });
});
