import { jest } from "@jest/globals";
import type {
  CancelAction,
  ClaimedRun,
  ControlHint,
  Ending,
  GraphRunner,
  Ring,
  RunRepository,
  Storage,
  StreamBus,
} from "@graphfleet/domain";
import { aClaimedRun, aFinish, aLog, FakeQueue, FakeTape, ring, runId, threadId } from "../test/fakes.js";

// The heartbeat's pauses come from here, and a stopped clock has to stop them too.
jest.unstable_mockModule("node:timers/promises", () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { readonly signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms, value);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("AbortError"));
      });
    }),
}));
const { startWorker } = await import("./worker.js");
const { startHeartbeat } = await import("./heartbeat/start-heartbeat.js");

const LEASE = { owner: "w-1", seconds: 15 };

/** Whatever a worker has no business with. */
const nothingElse = <Port extends object>(name: string, known: Partial<Port>): Port =>
  new Proxy(known, {
    get: (methods, method) =>
      Reflect.get(methods, method) ?? (() => Promise.reject(new Error(`${name}.${String(method)} was not expected`))),
    // Answers for every method, if only to refuse.
  }) as Port;

function setUp() {
  const journal: string[] = [];
  const waiting: ClaimedRun[] = [];
  const endings: Ending[] = [];
  const actions = new Map<string, CancelAction>();
  const departures: string[] = [];
  const listeners = new Set<(hint: ControlHint) => void>();
  const begun: (() => void)[] = [];
  const finishing: (() => void)[] = [];

  /** Runs until the test lets it finish, or it is told to stop. */
  const execute: GraphRunner["execute"] = async (_run, { signal }) => {
    const over = new Promise<void>((resolve, reject) => {
      finishing.push(resolve);
      signal.addEventListener("abort", () => reject(new Error("AbortError")));
    });
    for (const tell of begun.splice(0)) tell();
    await over;
    return aFinish();
  };
  const runs = nothingElse<RunRepository>("runs", {
    claimable: async () => (isHeard ? [] : waiting.map((run) => run.threadId)),
    claim: async () => waiting.shift() ?? null,
    renew: async (claims) =>
      claims.map(({ runId, fence }) => ({ runId, fence, cancelAction: actions.get(runId) ?? null })),
    settle: async (_claim, ending) => {
      endings.push(ending);
      return { kind: "settled", status: ending.status, next: null };
    },
    giveBack: async ({ runId }) => ({ kind: "settled", next: { runId, threadId: threadId(1), fence: 1 } }),
  });

  let isHeard = true;
  const replaced: Error[] = [];
  let handle = (_ring: Ring): Promise<void> => Promise.resolve();
  let concurrency = 0;
  const handling: Promise<void>[] = [];
  const enrolled = new Map<string, number>();
  const worker = startWorker({
    storage: nothingElse<Storage>("storage", { runs }),
    bus: nothingElse<StreamBus>("bus", {
      open: async ({ lastEvent, seqBase }) => new FakeTape([], { lastEvent, lastSeq: seqBase }),
    }),
    queue: new FakeQueue(journal),
    webhooks: new FakeQueue(journal),
    control: {
      send: () => Promise.reject(new Error("workers listen")),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    roll: {
      enrol: async ({ owner, slots }) => void enrolled.set(owner, slots),
      leave: async (owner) => void enrolled.delete(owner),
      slots: () => Promise.reject(new Error("workers do not ask")),
    },
    runner: {
      execute,
      snapshot: async () => ({ values: {}, interrupts: {}, next: [], checkpointId: null }),
    },
    describeError: (error) => ({ error: "Error", message: String(error) }),
    consume: (options) => {
      ({ handle, concurrency } = options);
      return {
        close: async () => {
          journal.push("take no more rings");
          await Promise.all(handling);
        },
      };
    },
    hearsRings: () => isHeard,
    openHeartbeat: ({ hear }) => startHeartbeat({ runs, lease: LEASE, hear, kill: () => {} }),
    replace: (error) => void replaced.push(error),
    observer: {
      started: () => {},
      ended: (_run, departure) => void departures.push(departure),
      refused: () => {},
      ignoredStop: () => {},
    },
    log: aLog().log,
    options: {
      concurrency: 3,
      lease: LEASE,
      maxAttempts: 3,
      timeoutSeconds: 3600,
      tapeKeepSeconds: 60,
    },
  });

  /** Rings for a run, and resolves when its graph executes. */
  const start = async (n: number) => {
    const executing = new Promise<void>((resolve) => begun.push(resolve));
    waiting.push(aClaimedRun({ id: runId(n) }));
    handling.push(handle(ring(n)));
    await executing;
  };
  return {
    worker,
    start,
    /** Redis goes; a run is written into the ledger all the same. */
    goDeaf: () => {
      isHeard = false;
    },
    putInLedger: async (n: number) => {
      const executing = new Promise<void>((resolve) => begun.push(resolve));
      waiting.push(aClaimedRun({ id: runId(n), threadId: threadId(n) }));
      return executing;
    },
    journal,
    enrolled,
    endings,
    actions,
    departures,
    listeners,
    concurrency: () => concurrency,
    finishAll: () => {
      for (const finish of finishing) finish();
    },
    idle: () => Promise.all(handling),
    hint: (n: number) => {
      for (const tell of listeners) tell({ kind: "cancel", runId: runId(n) });
    },
  };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  // A worker that stopped leaves nothing behind that could keep its process alive.
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test("is on the roll with its slots until it stops", async () => {
  const house = setUp();
  expect([...house.enrolled]).toEqual([[LEASE.owner, 3]]);

  await house.worker.drain(0);
  expect(house.enrolled.size).toBe(0);
});

test("executes the runs it is rung for, several at once", async () => {
  const house = setUp();
  await house.start(1);
  await house.start(2);

  expect(house.worker.active()).toBe(2);
  expect(house.concurrency()).toBe(3);
  house.finishAll();
  await house.idle();

  expect(house.worker.active()).toBe(0);
  expect(house.departures).toEqual(["success", "success"]);
  await house.worker.drain(0);
});

test("a hint stops a cancelled run at once", async () => {
  const house = setUp();
  await house.start(1);
  house.actions.set(runId(1), "interrupt");

  house.hint(1);
  await house.idle();

  expect(house.endings).toMatchObject([{ status: "interrupted" }]);
  await house.worker.drain(0);
});

test("a cancel whose hint got lost is seen with the next heartbeat", async () => {
  const house = setUp();
  await house.start(1);
  house.actions.set(runId(1), "interrupt");

  // Pauses vary by a tenth.
  await jest.advanceTimersByTimeAsync(5500);
  await house.idle();

  expect(house.departures).toEqual(["interrupted"]);
  await house.worker.drain(0);
});

describe("without rings", () => {
  test("runs are found in the ledger, within seconds", async () => {
    const house = setUp();
    house.goDeaf();

    void house.putInLedger(1);
    await jest.advanceTimersByTimeAsync(2750);
    expect(house.worker.active()).toBe(1);

    house.finishAll();
    await jest.advanceTimersByTimeAsync(0);
    expect(house.departures).toEqual(["success"]);
    await house.worker.drain(0);
  });

  test("no more runs are taken than there are slots, and the next one when a slot is free", async () => {
    const house = setUp();
    house.goDeaf();
    for (const n of [1, 2, 3, 4]) void house.putInLedger(n);

    await jest.advanceTimersByTimeAsync(2750);
    expect(house.worker.active()).toBe(3);

    house.finishAll();
    await jest.advanceTimersByTimeAsync(0);
    expect(house.worker.active()).toBe(1);
    house.finishAll();
    await jest.advanceTimersByTimeAsync(0);
    expect(house.departures).toHaveLength(4);
    await house.worker.drain(0);
  });
});

describe("drain", () => {
  test("of an idle worker is over at once", async () => {
    const house = setUp();

    await house.worker.drain(60_000);

    expect(house.journal).toEqual(["take no more rings"]);
    expect(house.listeners.size).toBe(0);
  });

  test("lets runs finish that need no longer than the grace period", async () => {
    const house = setUp();
    await house.start(1);

    const draining = house.worker.drain(60_000);
    await jest.advanceTimersByTimeAsync(59_000);
    house.finishAll();
    await draining;

    expect(house.departures).toEqual(["success"]);
  });

  test("gives the others back, and rings for them before all others", async () => {
    const house = setUp();
    await house.start(1);

    const draining = house.worker.drain(60_000);
    await jest.advanceTimersByTimeAsync(60_000);
    await draining;

    expect(house.departures).toEqual(["given_back"]);
    expect(house.journal).toEqual(["take no more rings", `ring first ${runId(1)}`]);
  });

  test("keeps the leases of the runs that are finishing", async () => {
    const house = setUp();
    await house.start(1);

    const draining = house.worker.drain(120_000);
    // Far longer than a lease.
    await jest.advanceTimersByTimeAsync(100_000);
    expect(house.departures).toEqual([]);
    house.finishAll();
    await draining;

    expect(house.departures).toEqual(["success"]);
  });

  test("still hears of cancels", async () => {
    const house = setUp();
    await house.start(1);

    const draining = house.worker.drain(60_000);
    house.actions.set(runId(1), "interrupt");
    house.hint(1);
    await draining;

    expect(house.departures).toEqual(["interrupted"]);
  });
});
