import { aSpec, runId, threadId } from "../../test/facts.js";
import { fakeLedger } from "../../test/fakes.js";
import type { Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { WHOLE_HOUSE, type Scope } from "../auth/scope.js";
import { makeManageRuns } from "./manage-runs.js";
import type { Run } from "./run.js";

const THREAD = threadId(1);
const BOBS: Scope = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] };

function setUp(facts: Partial<Run> = {}, scope: Scope = WHOLE_HOUSE) {
  const ledger = fakeLedger();
  ledger.addThread({ metadata: { owner: "ann" } });
  const run = ledger.addRun({ metadata: { owner: "ann" }, ...facts });
  const forgotten: Run[] = [];
  const authorizer: Authorizer = { authorize: async (_caller, _event, value) => ({ scope, value }) };
  const runs = makeManageRuns({ storage: ledger, authorizer, forgetRun: async (one) => void forgotten.push(one) });
  return { ledger, run, runs, forgotten };
}

/** A stateless run that is over: the ledger no longer shows it to those who ask for runs. */
function setUpFinishedTemporary(scope: Scope = WHOLE_HOUSE) {
  return setUp({ status: "success", spec: aSpec({ temporary: true }) }, scope);
}

describe("getRun", () => {
  test.each([THREAD, null])("finds a run on thread %s", async (thread) => {
    const { run, runs } = setUp();

    await expect(runs.getRun(run.id, thread, ANONYMOUS)).resolves.toEqual(run);
  });

  test.each<[string, ReturnType<typeof runId>, ReturnType<typeof threadId> | null, string]>([
    ["the run is unknown", runId(9), THREAD, "run_not_found"],
    ["the run is unknown anywhere", runId(9), null, "run_not_found"],
    ["the thread is unknown", runId(1), threadId(9), "thread_not_found"],
  ])("says what is missing when %s", async (_what, run, thread, code) => {
    await expect(setUp().runs.getRun(run, thread, ANONYMOUS)).rejects.toMatchObject({ code });
  });

  test("does not see a run on somebody else's thread", async () => {
    const { run, runs } = setUp({}, BOBS);

    await expect(runs.getRun(run.id, null, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
    await expect(runs.getRun(run.id, THREAD, ANONYMOUS)).rejects.toMatchObject({ code: "thread_not_found" });
  });

  test("does not see a temporary run that is over", async () => {
    const { run, runs } = setUpFinishedTemporary();

    await expect(runs.getRun(run.id, null, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("runToFollow", () => {
  test("finds a run like anybody else", async () => {
    const { run, runs } = setUp();

    await expect(runs.runToFollow(run.id, THREAD, ANONYMOUS)).resolves.toEqual(run);
  });

  test.each([THREAD, null])(
    "finds a temporary run that is over, for readers who come back (thread %s)",
    async (thread) => {
      const { run, runs } = setUpFinishedTemporary();

      await expect(runs.runToFollow(run.id, thread, ANONYMOUS)).resolves.toEqual(run);
    },
  );

  test("does not hand somebody else's to them", async () => {
    const { run, runs } = setUpFinishedTemporary(BOBS);

    await expect(runs.runToFollow(run.id, null, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("does not find it through another thread", async () => {
    const { ledger, run, runs } = setUpFinishedTemporary();
    ledger.addThread({ id: threadId(2) });

    await expect(runs.runToFollow(run.id, threadId(2), ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("does not know a run that never was", async () => {
    await expect(setUp().runs.runToFollow(runId(9), null, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });

  test("goes by the thread's owner, whatever the run's own metadata says", async () => {
    const { run, runs } = setUp(
      { status: "success", spec: aSpec({ temporary: true }), metadata: { owner: "bob" } },
      BOBS,
    );

    await expect(runs.runToFollow(run.id, null, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("listRuns", () => {
  test("tells an empty thread from none", async () => {
    const { ledger, runs } = setUp();
    ledger.runs.list = async () => ({ items: [], total: 0 });
    const query = { limit: 10, offset: 0 };

    await expect(runs.listRuns(THREAD, query, ANONYMOUS)).resolves.toEqual({ items: [], total: 0 });
    await expect(runs.listRuns(threadId(9), query, ANONYMOUS)).rejects.toMatchObject({ code: "thread_not_found" });
  });

  test("gives the page as it is", async () => {
    const { ledger, run, runs } = setUp();
    ledger.runs.list = async () => ({ items: [run], total: 1 });

    await expect(runs.listRuns(THREAD, { limit: 10, offset: 0 }, ANONYMOUS)).resolves.toEqual({
      items: [run],
      total: 1,
    });
  });
});

describe("deleteRun", () => {
  test("forgets a run that is over", async () => {
    const { run, runs, forgotten } = setUp({ status: "error" });

    await runs.deleteRun(run.id, THREAD, ANONYMOUS);

    expect(forgotten).toEqual([run]);
  });

  test.each(["pending", "running"] as const)("refuses one that is %s", async (status) => {
    const { run, runs, forgotten } = setUp({ status });

    await expect(runs.deleteRun(run.id, THREAD, ANONYMOUS)).rejects.toMatchObject({ code: "conflict" });
    expect(forgotten).toEqual([]);
  });

  test("needs a run", async () => {
    await expect(setUp().runs.deleteRun(runId(9), THREAD, ANONYMOUS)).rejects.toMatchObject({ code: "run_not_found" });
  });
});
