import { runId, threadId } from "../../test/facts.js";
import { fakeLedger, fakeSignals } from "../../test/fakes.js";
import { allowAll, type Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { makeCancelRuns } from "./cancel-runs.js";
import type { Run } from "./run.js";

const THREAD = threadId(1);

function setUp(authorizer: Authorizer = allowAll) {
  const ledger = fakeLedger();
  const signals = fakeSignals();
  const forgotten: Run[] = [];
  const cancelRuns = makeCancelRuns({
    storage: ledger,
    authorizer,
    signals,
    forgetRun: async (one) => void forgotten.push(one),
  });
  return { ledger, signals, forgotten, cancelRuns };
}

type House = ReturnType<typeof setUp>;
const statusOf = ({ ledger }: House, n: number) => ledger.rows.runs.get(runId(n))?.status;
const all = { status: "all", action: "interrupt" } as const;

describe("by ids", () => {
  test("cancels those, and tells the fleet", async () => {
    const house = setUp();
    house.ledger.addThread({ status: "busy" });
    for (const n of [1, 2]) house.ledger.addRun({ id: runId(n), status: "pending" });

    const runIds = [runId(1), runId(1), runId(9)];
    await house.cancelRuns.listed({ threadId: THREAD, runIds, action: "interrupt" }, ANONYMOUS);

    expect([1, 2].map((n) => statusOf(house, n))).toEqual(["interrupted", "pending"]);
    expect(house.ledger.rows.threads.get(THREAD)!.status).toBe("busy");
    expect(house.signals.announced).toMatchObject([{ cancelled: [{ runId: runId(1), state: "done" }] }]);
  });

  test.each([
    ["interrupt", 0],
    ["rollback", 1],
  ] as const)("%s of a run that is over forgets %i", async (action, count) => {
    const house = setUp();
    house.ledger.addThread();
    house.ledger.addRun({ id: runId(1), status: "success" });

    await house.cancelRuns.listed({ threadId: THREAD, runIds: [runId(1)], action }, ANONYMOUS);

    expect(house.forgotten).toHaveLength(count);
  });

  test("refuses when there is no such thread, or no such run on it", async () => {
    const house = setUp();
    const request = { threadId: THREAD, runIds: [runId(1)], action: "interrupt" } as const;
    await expect(house.cancelRuns.listed(request, ANONYMOUS)).rejects.toMatchObject({ code: "thread_not_found" });
    house.ledger.addThread();
    await expect(house.cancelRuns.listed(request, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("by status", () => {
  test("goes through more runs than one look finds", async () => {
    const house = setUp();
    for (let n = 1; n <= 1201; n += 1) {
      house.ledger.addThread({ id: threadId(n), status: "busy" });
      house.ledger.addRun({ id: runId(n), threadId: threadId(n), status: "pending" });
    }

    await house.cancelRuns.inStatus(all, ANONYMOUS);

    expect(new Set([...house.ledger.rows.runs.values()].map(({ status }) => status))).toEqual(new Set(["interrupted"]));
    expect(new Set([...house.ledger.rows.threads.values()].map(({ status }) => status))).toEqual(new Set(["idle"]));
  });

  test("looks again under the thread's lock: a run that began meanwhile no longer waits", async () => {
    const house = setUp();
    house.ledger.addThread({ status: "busy" });
    const run = house.ledger.addRun({ id: runId(1), status: "pending" });
    house.ledger.meanwhile = () => void house.ledger.rows.runs.set(run.id, { ...run, status: "running" });

    await house.cancelRuns.inStatus({ status: "pending", action: "interrupt" }, ANONYMOUS);

    expect(house.ledger.rows.runs.get(run.id)).toMatchObject({ status: "running", cancelAction: null });
  });

  test("leaves alone what is not the caller's", async () => {
    const scope = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;
    const house = setUp({ authorize: async (_caller, _event, value) => ({ scope, value }) });
    house.ledger.addThread({ id: threadId(1), metadata: { owner: "ann" } });
    house.ledger.addThread({ id: threadId(2), metadata: { owner: "bob" } });
    for (const n of [1, 2]) house.ledger.addRun({ id: runId(n), threadId: threadId(n), status: "pending" });

    await house.cancelRuns.inStatus(all, ANONYMOUS);

    expect([1, 2].map((n) => statusOf(house, n))).toEqual(["interrupted", "pending"]);
  });
});
