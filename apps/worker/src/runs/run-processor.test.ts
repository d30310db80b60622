import { EventEmitter, once } from "node:events";
import { jest } from "@jest/globals";
import {
  type ClaimedRun,
  type GraphFinish,
  type GraphRunner,
  LeaseLost,
  type OnlyRuns,
  type Outcome,
  sealingMetadata,
  type StopReason,
  type StreamBus,
  unavailable,
} from "@graphfleet/domain";
import { aClaimedRun, aFinish, aLog, FakeTape, ring } from "../../test/fakes.js";
import { blame } from "./blame.js";
import { LeaseKeeper } from "./lease-keeper.js";
import type { Departure, RefusedWrite } from "./run-observer.js";
import { makeRunProcessor } from "./run-processor.js";
import { SuspectSeat } from "./suspect-seat.js";
import { Zombies } from "./zombies.js";

const LEASE = { owner: "w-1", seconds: 15 };

interface Given {
  readonly run?: ClaimedRun | null;
  readonly execute?: GraphRunner["execute"];
  /** What settling resolves to, or rejects with. */
  readonly settled?: () => Promise<Departure>;
  readonly open?: () => Promise<never>;
  readonly claim?: () => Promise<never>;
  readonly zombiesMax?: number;
  /** Why nothing may be said. */
  readonly unusable?: Error;
}

function setUp({
  run = aClaimedRun(),
  execute,
  settled = async () => "success",
  open,
  claim,
  zombiesMax = 2,
  unusable,
}: Given = {}) {
  const tape = new FakeTape([], { lastEvent: run?.lastEvent ?? -1, lastSeq: 100 });
  const outcomes: Outcome[] = [];
  const seen: string[] = [];
  const asked: (OnlyRuns | undefined)[] = [];
  const opened: Parameters<StreamBus["open"]>[0][] = [];
  const reported: number[] = [];
  const { log, sentences } = aLog();
  const keeper = new LeaseKeeper({
    openHeartbeat: () => ({
      tell: (message) => {
        if (message.kind === "alive") reported.push(...message.events.map(({ lastEvent }) => lastEvent));
      },
      close: async () => {},
    }),
    log,
    timeoutSeconds: 3600,
    died: () => {},
  });
  const observer = {
    started: () => void seen.push("started"),
    ended: (_run: ClaimedRun, departure: Departure) => void seen.push(departure),
    refused: (_run: ClaimedRun, write: RefusedWrite) => void seen.push(`refused ${write}`),
    ignoredStop: () => void seen.push("ignored the stop"),
  };
  const nobody = () => Promise.reject(new Error("the processor only opens tapes"));
  const processRing = makeRunProcessor({
    runs: {
      claim: async (_ring, _lease, only) => {
        asked.push(only);
        return claim === undefined ? run : await claim();
      },
    },
    suspects: new SuspectSeat(3),
    bus: {
      open: async (attempt) => {
        opened.push(attempt);
        if (unusable !== undefined) Object.assign(tape, { unusable });
        return open === undefined ? tape : await open();
      },
      read: nobody as unknown as StreamBus["read"], // never called: only readers do
      replay: nobody as unknown as StreamBus["replay"],
      announce: nobody,
      poke: nobody,
      remove: nobody,
    },
    runner: { execute: execute ?? (async () => aFinish()), snapshot: nobody },
    keeper,
    settleRun: async (_held, outcome) => {
      outcomes.push(outcome);
      return await settled();
    },
    zombies: new Zombies({
      patienceMs: 20,
      max: zombiesMax,
      tooMany: (error) => void seen.push(error.message),
      observer,
      log,
    }),
    describeError: (error) => ({ error: "Described", message: String(error) }),
    lease: LEASE,
    observer,
    log,
  });
  return { tape, outcomes, seen, asked, opened, reported, sentences, keeper, process: () => processRing(ring(1)) };
}

/** A graph that runs until it is told to stop, and then throws what such graphs throw. */
function aGraphThatWaits() {
  let begun = () => {};
  const running = new Promise<void>((resolve) => (begun = resolve));
  const execute: GraphRunner["execute"] = async (_run, { signal }) => {
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("AbortError")));
    });
    begun();
    return await stopped;
  };
  return { execute, running };
}

const onlyOutcome = ({ outcomes }: { readonly outcomes: readonly Outcome[] }): Outcome => {
  expect(outcomes).toHaveLength(1);
  return outcomes[0]!;
};

describe("a ring", () => {
  test("that finds nothing to claim was for somebody else", async () => {
    const house = setUp({ run: null });

    await house.process();

    expect(house.seen).toEqual([]);
    expect(house.opened).toEqual([]);
  });

  test("that cannot reach the ledger is heard again: the queue gets the error", async () => {
    const house = setUp({ claim: () => Promise.reject(unavailable("Postgres is away")) });

    await expect(house.process()).rejects.toMatchObject({ code: "unavailable" });
    expect(house.keeper.size).toBe(0);
  });
});

describe("a run", () => {
  test.each([
    ["cannot be read", { run: aClaimedRun({ unreadable: new Error("no key") }) }],
    ["may say nothing", { unusable: new Error("no key") }],
  ])("that %s fails without being executed", async (_what, given) => {
    const execute = jest.fn<GraphRunner["execute"]>();
    const house = setUp({ ...given, execute });

    await house.process();

    expect(execute).not.toHaveBeenCalled();
    expect(onlyOutcome(house)).toEqual({
      kind: "failed",
      error: { error: "Described", message: "Error: no key" },
      retryable: false,
    });
    expect(house.tape.events).toEqual([]);
  });

  test("is executed and settled on behalf of who asked for it", async () => {
    const auth = { identity: null, permissions: [], user: null, encryptionContext: { tenant: "acme" } };
    const seen: unknown[] = [];
    const house = setUp({
      run: aClaimedRun({ auth }),
      execute: async () => (seen.push(sealingMetadata()), aFinish()),
      settled: async () => (seen.push(sealingMetadata()), "success"),
    });

    await house.process();

    expect(seen).toEqual([{ tenant: "acme" }, { tenant: "acme" }]);
  });

  test("is announced with its attempt, executed and settled", async () => {
    const house = setUp({
      run: aClaimedRun({ attempt: 2 }),
      execute: async (_run, { emit }) => {
        emit({ event: "values", data: "{}" });
        return aFinish();
      },
    });

    await house.process();

    expect(house.tape.events).toEqual([
      { event: "metadata", data: JSON.stringify({ run_id: aClaimedRun().id, attempt: 2 }) },
      { event: "values", data: "{}" },
    ]);
    expect(onlyOutcome(house)).toEqual({ kind: "finished", finish: aFinish() });
    expect(house.seen).toEqual(["started", "success"]);
  });

  test.each([
    ["was given back is not announced again", 7, []],
    ["was given back before it said anything is announced", -1, ["metadata"]],
    ["was given back, and whose tape was lost, is announced", 99_999_999, ["metadata"]],
  ])("that %s", async (_name, lastEvent, announced) => {
    const house = setUp({ run: aClaimedRun({ attempt: 1, fence: 2, lastEvent }) });

    await house.process();

    expect(house.tape.events.map(({ event }) => event)).toEqual(announced);
  });

  test("is held while it executes, and no longer", async () => {
    const sizes: number[] = [];
    const house: ReturnType<typeof setUp> = setUp({
      execute: async () => {
        sizes.push(house.keeper.size);
        return aFinish();
      },
    });

    await house.process();

    expect(sizes).toEqual([1]);
    expect(house.keeper.size).toBe(0);
  });

  test("has its tape opened where earlier attempts left off", async () => {
    const run = aClaimedRun({ attempt: 2, fence: 3, seqBase: 300, lastEvent: 7 });
    const house = setUp({ run });

    await house.process();

    const { threadId, id: runId } = run;
    expect(house.opened).toEqual([
      { threadId, runId, attempt: 2, claim: 3, seqBase: 300, lastEvent: 7, createdAt: run.createdAt.getTime() },
    ]);
  });

  test("has its events counted in each heartbeat", async () => {
    const house: ReturnType<typeof setUp> = setUp({
      run: aClaimedRun({ attempt: 2, lastEvent: 7 }),
      execute: async (_run, { emit }) => {
        emit({ event: "values", data: "{}" });
        house.keeper.reportAlive();
        return aFinish();
      },
    });

    await house.process();

    // 8 is the metadata of this attempt, 9 the values.
    expect(house.reported).toEqual([9]);
  });

  test("that was cancelled before it began does not begin", async () => {
    let executed = false;
    const house = setUp({
      run: aClaimedRun({ cancelAction: "interrupt" }),
      execute: async () => {
        executed = true;
        return aFinish();
      },
    });

    await house.process();

    expect(executed).toBe(false);
    expect(house.tape.events).toEqual([]);
    expect(onlyOutcome(house)).toEqual({ kind: "stopped", reason: "cancelled" });
  });

  test("that is put down tells why, not what the graph threw", async () => {
    const { execute, running } = aGraphThatWaits();
    const house = setUp({ execute });

    const processing = house.process();
    await running;
    house.keeper.stopAll();
    await processing;

    expect(onlyOutcome(house)).toEqual({ kind: "stopped", reason: "shutting_down" satisfies StopReason });
  });

  test("that finished although it was told to stop has finished", async () => {
    const house: ReturnType<typeof setUp> = setUp({
      execute: async () => {
        house.keeper.stopAll();
        return aFinish();
      },
    });

    await house.process();

    expect(onlyOutcome(house)).toMatchObject({ kind: "finished" });
  });
});

describe("a graph that throws", () => {
  test("fails its run for good, in its own words", async () => {
    const house = setUp({ execute: () => Promise.reject(new TypeError("no such tool")) });

    await house.process();

    expect(onlyOutcome(house)).toEqual({
      kind: "failed",
      error: { error: "Described", message: "TypeError: no such tool" },
      retryable: false,
    });
  });

  test("because the ledger was away may be tried again", async () => {
    const house = setUp({ execute: () => Promise.reject(unavailable("Postgres is away")) });

    await house.process();

    expect(onlyOutcome(house)).toMatchObject({ kind: "failed", retryable: true });
  });

  test("because the ledger refused a checkpoint has lost its lease", async () => {
    const house = setUp({ execute: () => Promise.reject(new LeaseLost("r-1")) });

    await house.process();

    expect(onlyOutcome(house)).toEqual({ kind: "stopped", reason: "lease_lost" });
    expect(house.seen).toContain("refused checkpoint");
  });
});

test("a graph that throws where nobody catches it is stopped, and fails its run", async () => {
  const error = new Error("thrown out of nowhere");
  const house = setUp({
    execute: async (_run, { signal }) => {
      setImmediate(() => blame(error));
      await once(signal, "abort");
      throw signal.reason;
    },
  });

  await house.process();

  expect(onlyOutcome(house)).toEqual({
    kind: "failed",
    error: { error: "Described", message: "Error: thrown out of nowhere" },
    retryable: false,
  });
});

describe("a graph that does not stop when told to", () => {
  const deaf = (facts: Given = {}) => {
    let finish = (_finish: GraphFinish) => {};
    const house: ReturnType<typeof setUp> = setUp({
      ...facts,
      execute: async () => {
        house.keeper.stopAll();
        return await new Promise<GraphFinish>((resolve) => (finish = resolve));
      },
    });
    return { house, finish: () => finish(aFinish()) };
  };

  test("is left behind: its run is settled as stopped and its slot is free", async () => {
    const { house, finish } = deaf();

    await house.process();

    expect(onlyOutcome(house)).toEqual({ kind: "stopped", reason: "shutting_down" });
    expect(house.seen).toEqual(["started", "ignored the stop", "success"]);
    expect(house.sentences).toEqual(["a graph did not stop when told to; its run goes on without it"]);
    expect(house.keeper.size).toBe(0);
    finish();
  });

  test("has the process replaced when there are too many of its kind", async () => {
    const { house, finish } = deaf({ zombiesMax: 1 });

    await house.process();

    expect(house.seen).toContain("1 graphs did not stop when they were told to");
    finish();
  });
});

describe("a tape that a newer attempt has closed", () => {
  test("is counted as a write that came too late", async () => {
    const house = setUp();
    house.tape.fenced = true;

    await house.process();

    expect(house.seen).toEqual(["started", "refused tape", "success"]);
  });
});

describe("a run that cannot be settled", () => {
  test.each<[string, Given]>([
    ["the ledger stays away", { settled: () => Promise.reject(unavailable("Postgres is away")) }],
    ["its tape cannot be opened", { open: () => Promise.reject(new Error("Redis is away")) }],
  ])("is left to the lease sweep, and the ring is done: %s", async (_why, given) => {
    const house = setUp(given);

    await expect(house.process()).resolves.toBeUndefined();

    expect(house.seen).toEqual(["started", "abandoned"]);
    expect(house.sentences).toEqual(["a run could not be settled; the lease sweep will take it over"]);
    expect(house.keeper.size).toBe(0);
  });
});

describe("a suspect", () => {
  const OTHERS = { startedBelow: 3 };
  const suspect = aClaimedRun({ attempt: 4 });

  test("keeps others of its kind away while it executes", async () => {
    const { execute, running } = aGraphThatWaits();
    const house = setUp({ run: suspect, execute });
    const first = house.process();
    await running;
    const second = house.process();
    house.keeper.stopAll();
    await Promise.all([first, second]);
    await house.process();

    expect(house.asked).toEqual([undefined, OTHERS, undefined]);
  });

  test("is not asked for twice at once", async () => {
    const house = setUp({ run: null });

    await Promise.all([house.process(), house.process()]);
    await house.process();

    expect(house.asked).toEqual([undefined, OTHERS, undefined]);
  });

  test("that a claim could have brought, but did not, keeps nobody away: it found nothing, or failed", async () => {
    const house = setUp({ claim: () => Promise.reject(unavailable("Postgres is away")) });

    await house.process().catch(() => undefined);
    await house.process().catch(() => undefined);

    expect(house.asked).toEqual([undefined, undefined]);
  });

  test.each([
    ["in its last regular start", aClaimedRun({ attempt: 3 })],
    ["to be rolled back", aClaimedRun({ attempt: 4, cancelAction: "rollback" })],
  ])("is no run %s", async (_what, run) => {
    const gate = new EventEmitter();
    const house = setUp({
      run,
      settled: async () => {
        const opened = once(gate, "open");
        gate.emit("reached");
        await opened;
        return "success";
      },
    });
    const reached = once(gate, "reached");
    const first = house.process();
    await reached;
    const reachedToo = once(gate, "reached");
    const second = house.process();
    await reachedToo;
    gate.emit("open");
    await Promise.all([first, second]);

    expect(house.asked).toEqual([undefined, undefined]);
  });
});
