import fc from "fast-check";
import { type LastEnding, statusAfterUpdate, threadStatus } from "./thread-status.js";

describe("threadStatus", () => {
  test.each([
    ["none", "idle"],
    ["completed", "idle"],
    ["cancelled", "idle"],
    ["paused", "interrupted"],
    ["failed", "error"],
  ] as const)("a last run that ended %s leaves the thread %s", (ending, status) => {
    expect(threadStatus(0, ending)).toBe(status);
  });

  test("a thread is busy exactly while a run waits or executes, whatever the last one left", () => {
    const endings = fc.constantFrom<LastEnding>("none", "completed", "paused", "failed", "cancelled");
    fc.assert(
      fc.property(fc.nat(20), endings, (inflight, ending) => {
        expect(threadStatus(inflight, ending) === "busy").toBe(inflight > 0);
      }),
    );
  });
});

describe("statusAfterUpdate", () => {
  test("an interrupted thread stays so while work is left", () => {
    expect(statusAfterUpdate("interrupted", 1)).toBe("interrupted");
  });

  test("an interrupted thread is idle once the update used up its work", () => {
    expect(statusAfterUpdate("interrupted", 0)).toBe("idle");
  });

  test("an idle thread stays idle even if the update leaves work", () => {
    expect(statusAfterUpdate("idle", 2)).toBe("idle");
  });

  test.each([0, 1])("an update is the end of an error (%i nodes left)", (left) => {
    expect(statusAfterUpdate("error", left)).toBe("idle");
  });
});
