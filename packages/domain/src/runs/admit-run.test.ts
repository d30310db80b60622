import fc from "fast-check";
import { runId } from "../../test/facts.js";
import { admitRun } from "./admit-run.js";
import type { MultitaskStrategy } from "./run.js";

const STRATEGIES: readonly MultitaskStrategy[] = ["reject", "interrupt", "rollback", "enqueue"];
const strategies = fc.constantFrom(...STRATEGIES);
const inflights = fc.uniqueArray(fc.integer({ min: 1, max: 50 }).map(runId), { minLength: 1, maxLength: 5 });

describe("admitRun", () => {
  test.each(STRATEGIES)("accepts on a free thread: %s", (strategy) => {
    expect(admitRun(strategy, [])).toEqual({ kind: "accept" });
  });

  test("enqueue waits behind the runs in flight", () => {
    expect(admitRun("enqueue", [runId(1)])).toEqual({ kind: "accept" });
  });

  test("reject names the runs that are in the way", () => {
    expect(admitRun("reject", [runId(1), runId(2)])).toEqual({ kind: "refuse", busyWith: [runId(1), runId(2)] });
  });

  test.each(["interrupt", "rollback"] as const)("%s replaces every run in flight", (strategy) => {
    expect(admitRun(strategy, [runId(1), runId(2)])).toEqual({
      kind: "replace",
      cancel: [runId(1), runId(2)],
      action: strategy,
    });
  });

  test("only reject refuses, and only interrupt and rollback touch others", () => {
    fc.assert(
      fc.property(strategies, inflights, (strategy, inflight) => {
        const { kind } = admitRun(strategy, inflight);

        expect(kind === "refuse").toBe(strategy === "reject");
        expect(kind === "replace").toBe(strategy === "interrupt" || strategy === "rollback");
      }),
    );
  });

  test("whoever is refused or replaced, it is all of them", () => {
    fc.assert(
      fc.property(strategies, inflights, (strategy, inflight) => {
        const admission = admitRun(strategy, inflight);

        if (admission.kind === "refuse") expect(admission.busyWith).toEqual(inflight);
        if (admission.kind === "replace") expect(admission.cancel).toEqual(inflight);
      }),
    );
  });
});
