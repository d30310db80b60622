import { setImmediate as turn } from "node:timers/promises";
import { messageOf } from "@graphfleet/domain";
import { answerable, blame, refuseExits } from "./blame.js";

const never = new AbortController().signal;

test("an exception is laid at the door of the run whose code threw it, and of no other", async () => {
  const error = new Error("thrown out of nowhere");
  const culprit = answerable(never, async () => {
    await turn();
    blame(error);
  });
  const innocent = answerable(never, () => turn());
  await Promise.all([culprit.result, innocent.result]);

  expect(culprit.blamed.reason).toBe(error);
  expect(innocent.blamed.aborted).toBe(false);
});

test("a run is stopped when it is blamed, and when it is told to stop", () => {
  const told = new AbortController();
  const stops: AbortSignal[] = [];
  const { blamed } = answerable(told.signal, (stop) => {
    stops.push(stop);
    blame(new Error("its own"));
  });
  answerable(told.signal, (stop) => stops.push(stop));
  told.abort("cancelled");

  expect(stops.map(({ reason }) => messageOf(reason))).toEqual(["its own", "cancelled"]);
  expect(blamed.aborted).toBe(true);
});

test("what is nobody's is nobody's fault", () => {
  expect(() => blame(new Error("ours"))).not.toThrow();
});

test("a graph cannot end the process, and we can", () => {
  const exits: unknown[] = [];
  const host = { exit: (code?: number | string | null) => exits.push(code) as never };
  refuseExits(host);

  const { result } = answerable(never, () => {
    try {
      return host.exit(7);
    } catch (error) {
      return error;
    }
  });
  expect(result).toMatchObject({ name: "ExitRefused", message: expect.stringContaining("process.exit(7)") });
  expect(exits).toEqual([]);
  host.exit(1);
  expect(exits).toEqual([1]);
});
