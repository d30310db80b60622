import { aCaller, anAssistant, aRequest, assistantId, countingIds, graphs, runId, threadId } from "../../test/facts.js";
import { fakeLedger, fakeSignals } from "../../test/fakes.js";
import { allowAll, type AuthEvent, type Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { forbidden } from "../errors.js";
import { systemAssistantId } from "../ids.js";
import { makeCreateRuns } from "./create-run.js";

const AGENT = systemAssistantId("agent");
/** The first ids that are rolled. */
const RUN = runId(101);
const THREAD = threadId(101);

function setUp({ authorizer = allowAll }: { authorizer?: Authorizer } = {}) {
  const ledger = fakeLedger();
  ledger.addAssistant(anAssistant({ id: AGENT, metadata: { created_by: "system" }, config: { tags: ["a"] } }));
  const signals = fakeSignals();
  const createRuns = makeCreateRuns({
    storage: ledger,
    graphs: graphs("agent"),
    authorizer,
    signals,
    ids: countingIds(),
  });
  const create = async (request: Parameters<typeof aRequest>[0] = {}) => {
    const [run] = await createRuns([aRequest(request)], ANONYMOUS);
    return run!;
  };
  return { ledger, signals, createRuns, create };
}

/** Lets everybody do everything, on rows that are theirs. */
const ownersOnly = (owner: string): Authorizer => ({
  authorize: async (_caller, _event, value) => ({
    scope: { conditions: [{ key: "owner", operator: "eq", value: owner }] },
    value,
  }),
});

describe("a run on a free thread", () => {
  test("is in the ledger, then rung for", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ metadata: { k: 1 }, streamSeq: 42 });

    const run = await create({ input: { n: 1 }, metadata: { mine: true } });

    expect(ledger.rows.runs.get(RUN)).toBe(run);
    expect(run).toMatchObject({ id: RUN, threadId: threadId(1), assistantId: AGENT, status: "pending", tapeFrom: 42 });
    expect(run.metadata).toEqual({ created_by: "system", k: 1, graph_id: "agent", assistant_id: AGENT, mine: true });
    expect(signals.announced).toEqual([
      { rings: [{ runId: RUN, threadId: threadId(1), fence: 0, delayMs: 0 }], cancelled: [] },
    ]);
  });

  test("makes the thread busy and hands it graph and config", async () => {
    const { ledger, create } = setUp();
    ledger.addThread({ metadata: { k: 1 } });

    await create({ config: { configurable: { model: "m" } } });

    expect(ledger.rows.threads.get(threadId(1))).toMatchObject({
      status: "busy",
      metadata: { k: 1, graph_id: "agent", assistant_id: AGENT },
      config: { tags: ["a"], configurable: { model: "m" } },
    });
  });

  test("that starts later is rung for later", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread();

    await create({ afterSeconds: 1.5 });

    expect(signals.announced[0]!.rings).toMatchObject([{ delayMs: 1500 }]);
  });

  test("remembers whom it runs for, apart from its spec", async () => {
    const { ledger, createRuns } = setUp();
    ledger.addThread();
    const user = { name: "Ann", token: "secret" };

    const [run] = await createRuns([aRequest()], aCaller({ identity: "ann", permissions: ["read"], user }));

    expect(ledger.inserted[0]!.auth).toEqual({ identity: "ann", permissions: ["read"], user });
    expect(JSON.stringify(run)).not.toContain("secret");
  });
});

describe("the thread", () => {
  test("has to exist", async () => {
    const { ledger, signals, create } = setUp();

    await expect(create()).rejects.toMatchObject({
      code: "thread_not_found",
      message: `Thread with ID ${threadId(1)} not found`,
    });
    expect(ledger.rows.runs.size).toBe(0);
    expect(signals.announced).toEqual([]);
  });

  test("is made when the request says so", async () => {
    const { ledger, create } = setUp();

    const run = await create({ ifNotExists: "create", metadata: { k: 1 } });

    expect(run).toMatchObject({ threadId: threadId(1), tapeFrom: 0 });
    expect(ledger.rows.threads.get(threadId(1))).toMatchObject({
      status: "busy",
      temporary: false,
      metadata: { graph_id: "agent", assistant_id: AGENT, k: 1 },
    });
  });

  test.each([
    ["delete", true],
    ["keep", false],
  ] as const)("of a stateless run is its own (%s)", async (onCompletion, temporary) => {
    const { ledger, create } = setUp();

    const run = await create({ threadId: null, onCompletion });

    expect(run.threadId).toBe(THREAD);
    expect(run.spec.temporary).toBe(temporary);
    expect(ledger.rows.threads.get(THREAD)).toMatchObject({ temporary, status: "busy" });
  });

  test("that another request made in the meantime is shared, with its settings", async () => {
    const { ledger, create } = setUp();
    const lock = ledger.threads.lock;
    let looks = 0;
    // The row appears between our first look and our insert.
    ledger.threads.lock = async (...args) => {
      const found = await lock(...args);
      if (looks++ === 0) {
        ledger.addThread({ metadata: { theirs: true }, config: { configurable: { model: "m" } }, streamSeq: 7 });
      }
      return found;
    };

    const run = await create({ ifNotExists: "create" });

    expect(run).toMatchObject({ tapeFrom: 7, metadata: { theirs: true } });
    expect(run.spec.config.configurable).toMatchObject({ model: "m" });
    expect(ledger.rows.threads.get(threadId(1))).toMatchObject({
      metadata: { theirs: true, graph_id: "agent" },
      config: { configurable: { model: "m" } },
    });
  });

  test("of somebody else is neither found nor taken over", async () => {
    const { ledger, create } = setUp({ authorizer: ownersOnly("ann") });
    ledger.addAssistant(anAssistant({ id: AGENT, metadata: { owner: "ann" } }));
    ledger.addThread({ metadata: { owner: "bob" } });

    await expect(create()).rejects.toMatchObject({ code: "thread_not_found" });
    await expect(create({ ifNotExists: "create" })).rejects.toMatchObject({ code: "thread_not_found" });
    expect(ledger.rows.threads.get(threadId(1))).toMatchObject({ status: "idle", metadata: { owner: "bob" } });
  });
});

describe("the assistant", () => {
  test("is looked for before the thread", async () => {
    const { create } = setUp();

    await expect(create({ assistant: "nobody" })).rejects.toMatchObject({ code: "assistant_not_found" });
  });

  test("may be named by its id", async () => {
    const { ledger, create } = setUp();
    ledger.addThread();
    ledger.addAssistant(anAssistant({ id: assistantId(5), context: { model: "m" } }));

    expect(await create({ assistant: assistantId(5) })).toMatchObject({
      assistantId: assistantId(5),
      spec: { context: { model: "m" } },
    });
  });
});

describe("a run on a busy thread", () => {
  test("is refused under reject, and leaves no trace", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ status: "busy" });
    ledger.addRun({ status: "running" });

    await expect(create({ multitaskStrategy: "reject" })).rejects.toMatchObject({
      code: "thread_busy",
      details: { busy_with: [runId(1)] },
    });
    expect([...ledger.rows.runs.keys()]).toEqual([runId(1)]);
    expect(signals.announced).toEqual([]);
  });

  test("is not rung for behind a running one: whoever settles that rings for it", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ status: "busy", config: { configurable: { model: "old" } } });
    ledger.addRun({ status: "running" });

    await create({ config: { configurable: { model: "new" } } });

    expect(signals.announced).toEqual([{ rings: [], cancelled: [] }]);
    expect(ledger.rows.threads.get(threadId(1))!.config).toEqual({ configurable: { model: "old" } });
  });

  test("is rung for behind a pending one, which may have been missed", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ status: "busy" });
    ledger.addRun({ status: "pending" });

    await create();

    expect(signals.announced[0]!.rings).toMatchObject([{ runId: RUN }]);
  });

  test("under interrupt marks the running and ends the pending ones", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ status: "busy" });
    ledger.addRun({ id: runId(1), status: "running" });
    ledger.addRun({ id: runId(2), status: "pending" });

    await create({ multitaskStrategy: "interrupt" });

    expect(ledger.rows.runs.get(runId(1))).toMatchObject({ status: "running", cancelAction: "interrupt" });
    expect(ledger.rows.runs.get(runId(2))).toMatchObject({ status: "interrupted" });
    expect(ledger.rows.threads.get(threadId(1))!.status).toBe("busy");
    expect(signals.announced[0]!.cancelled).toMatchObject([
      { runId: runId(1), state: "marked" },
      { runId: runId(2), state: "done" },
    ]);
  });

  test("under rollback removes a run that never started", async () => {
    const { ledger, signals, create } = setUp();
    ledger.addThread({ status: "busy" });
    ledger.addRun({ status: "pending" });

    await create({ multitaskStrategy: "rollback" });

    expect([...ledger.rows.runs.keys()]).toEqual([RUN]);
    expect(signals.announced[0]).toMatchObject({ rings: [{ runId: RUN }], cancelled: [{ state: "done" }] });
  });

  test("is not disturbed by runs that are over", async () => {
    const { ledger, create } = setUp();
    ledger.addThread();
    ledger.addRun({ status: "success" });

    await expect(create({ multitaskStrategy: "reject" })).resolves.toMatchObject({ id: RUN });
  });
});

describe("several requests", () => {
  test("are answered in their order, each on its own thread", async () => {
    const { signals, createRuns } = setUp();

    const runs = await createRuns(
      [1, 2, 3].map((n) => aRequest({ threadId: null, input: n })),
      ANONYMOUS,
    );

    expect(runs.map(({ spec }) => spec.input)).toEqual([1, 2, 3]);
    expect(new Set(runs.map(({ threadId }) => threadId)).size).toBe(3);
    expect(signals.announced).toHaveLength(1);
    expect(signals.announced[0]!.rings!.map((ring) => ring.runId)).toEqual(runs.map(({ id }) => id));
  });

  test.each([
    ["names no assistant", { threadId: null, assistant: "nobody" }, "assistant_not_found"],
    ["names no thread", { threadId: threadId(9) }, "thread_not_found"],
  ])("are all refused when one %s", async (_what, bad, code) => {
    const { ledger, signals, createRuns } = setUp();

    const creating = createRuns([aRequest({ threadId: null }), aRequest(bad)], ANONYMOUS);

    await expect(creating).rejects.toMatchObject({ code });
    expect(ledger.rows.runs.size).toBe(0);
    expect(ledger.rows.threads.size).toBe(0);
    expect(signals.announced).toEqual([]);
  });

  test("see each other when they share a thread", async () => {
    const { ledger, createRuns } = setUp();
    ledger.addThread();

    const both = [aRequest(), aRequest({ multitaskStrategy: "reject" })];

    await expect(createRuns(both, ANONYMOUS)).rejects.toMatchObject({ code: "thread_busy" });
    expect(ledger.rows.runs.size).toBe(0);
  });
});

describe("authorization", () => {
  test("is asked about the run, in wire names; the assistant of a graph is everybody's", async () => {
    const asked: [AuthEvent, object][] = [];
    const { ledger, create } = setUp({
      authorizer: {
        authorize: (caller, event, value) => {
          asked.push([event, value]);
          return allowAll.authorize(caller, event, value);
        },
      },
    });
    ledger.addThread();

    await create({ multitaskStrategy: "reject", input: 1 });

    expect(asked).toEqual([
      [
        "threads:create_run",
        {
          thread_id: threadId(1),
          assistant_id: AGENT,
          run_id: RUN,
          status: "pending",
          metadata: {},
          multitask_strategy: "reject",
          if_not_exists: "reject",
          after_seconds: 0,
          prevent_insert_if_inflight: true,
          kwargs: { input: 1, config: {}, context: null },
        },
      ],
    ]);
  });

  test("may add metadata, which goes on the run and on a thread made for it", async () => {
    const { ledger, create } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          const { scope } = await allowAll.authorize(caller, event, value);
          return { scope, value: { ...value, metadata: { owner: "ann" } } };
        },
      },
    });

    const run = await create({ ifNotExists: "create" });

    expect(run.metadata).toMatchObject({ owner: "ann" });
    expect(ledger.rows.threads.get(threadId(1))!.metadata).toMatchObject({ owner: "ann" });
  });

  test("may rewrite what the graph gets", async () => {
    const { ledger, create } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          const { scope } = await allowAll.authorize(caller, event, value);
          return { scope, value: { ...value, kwargs: { input: "safe", config: { tags: ["t"] } } } };
        },
      },
    });
    ledger.addThread();

    const run = await create({ input: "rude", context: { kept: true } });

    expect(run.spec).toMatchObject({ input: "safe", config: { tags: ["t"] }, context: { kept: true } });
  });

  test("what it leaves of another kind counts as nothing", async () => {
    const { ledger, create } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          const { scope } = await allowAll.authorize(caller, event, value);
          return { scope, value: { ...value, metadata: "?", kwargs: null } };
        },
      },
    });
    ledger.addThread();

    const run = await create({ input: 1, metadata: { mine: true } });

    expect(run.spec.input).toBe(1);
    expect(run.metadata).not.toHaveProperty("mine");
  });

  test("an assistant that somebody made is asked about, and may be hidden", async () => {
    const { ledger, create } = setUp({ authorizer: ownersOnly("ann") });
    const bobs = ledger.addAssistant(anAssistant({ id: assistantId(7), metadata: { owner: "bob" } }));
    ledger.addThread({ metadata: { owner: "ann" } });

    await expect(create({ assistant: bobs.id })).rejects.toMatchObject({ code: "assistant_not_found" });
    await expect(create({ assistant: "agent" })).resolves.toMatchObject({ assistantId: AGENT });
    await expect(create({ assistant: AGENT, multitaskStrategy: "enqueue" })).resolves.toMatchObject({
      assistantId: AGENT,
    });
  });

  test("may refuse", async () => {
    const { ledger, create } = setUp({ authorizer: { authorize: () => Promise.reject(forbidden()) } });
    ledger.addThread();

    await expect(create()).rejects.toMatchObject({ code: "forbidden" });
    expect(ledger.rows.runs.size).toBe(0);
  });
});
