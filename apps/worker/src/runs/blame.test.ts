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

describe("a graph cannot end the process, and we can:", () => {
  const PID = 77;
  type Host = Parameters<typeof refuseExits>[0];

  function aHost() {
    const calls: unknown[][] = [];
    const host: Host = {
      pid: PID,
      exit: (...args) => calls.push(["exit", ...args]) as never,
      abort: (...args) => calls.push(["abort", ...args]) as never,
      kill: (...args) => {
        calls.push(["kill", ...args]);
        return true;
      },
    };
    refuseExits(host);
    const byGraph = (act: (on: Host) => unknown) =>
      answerable(never, () => {
        try {
          return act(host);
        } catch (error) {
          return error;
        }
      }).result;
    return { host, calls, byGraph };
  }

  test.each<[string, (on: Host) => unknown, unknown[]]>([
    ["process.exit(7)", (on) => on.exit(7), ["exit", 7]],
    ["process.abort()", (on) => on.abort(), ["abort"]],
    [`process.kill(${PID})`, (on) => on.kill(PID, "SIGKILL"), ["kill", PID, "SIGKILL"]],
    [`process.kill(${-PID})`, (on) => on.kill(-PID), ["kill", -PID, undefined]],
    ["process.kill(0)", (on) => on.kill(0), ["kill", 0, undefined]],
  ])("%s", (name, act, call) => {
    const { host, calls, byGraph } = aHost();

    expect(byGraph(act)).toMatchObject({ name: "ExitRefused", message: expect.stringContaining(name) });
    expect(calls).toEqual([]);
    act(host);
    expect(calls).toEqual([call]);
  });

  test("other processes are its own business, and whether ours is there", () => {
    const { calls, byGraph } = aHost();

    byGraph((on) => on.kill(78));
    byGraph((on) => on.kill(PID, 0));

    expect(calls).toEqual([
      ["kill", 78, undefined],
      ["kill", PID, 0],
    ]);
  });
});
