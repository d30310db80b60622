import { jest } from "@jest/globals";
import {
  type Claim,
  claimOf,
  type Ending,
  type EndingSettled,
  LEASE_SECONDS,
  type RunRepository,
} from "@graphfleet/domain";
import { aClaimedRun, runId } from "../../test/fakes.js";
import { beatMsOf, Heartbeat, patienceMsOf, RETRY_MS } from "./heartbeat.js";
import type { FromHeartbeat } from "./messages.js";

// How leases are judged is in runs/lease-keeper.test.ts, where the workshop's side is looked at too.

const LEASE = { owner: "w-1", seconds: 15 };

interface SetUp {
  readonly settle?: () => Promise<EndingSettled>;
  readonly announced?: () => Promise<void>;
}

function setUp({ settle, announced = async () => {} }: SetUp = {}) {
  const journal: string[] = [];
  const endings: Ending[] = [];
  const heard: FromHeartbeat[] = [];
  const name = ({ runId: id, fence }: Claim) => `${Number(id.slice(-12))}:${fence}`;
  const runs: Pick<RunRepository, "renew" | "settle" | "giveBack"> = {
    renew: async (claims) => claims.map(({ runId, fence }) => ({ runId, fence, cancelAction: null })),
    settle: async (claim, ending) => {
      journal.push(`settle ${name(claim)}`);
      endings.push(ending);
      return (await settle?.()) ?? { kind: "settled", status: ending.status, next: null };
    },
    giveBack: async (claim, { spent, lastEvent }) => {
      journal.push(`give back ${name(claim)}, ${spent ? "spent" : "not spent"}, event ${lastEvent}`);
      const { runId, threadId, fence } = claim;
      return { kind: "settled", next: { runId, threadId, fence } };
    },
  };
  const heartbeat = new Heartbeat({
    runs,
    lease: LEASE,
    hear: (message) => heard.push(message),
    kill: () => journal.push("kill"),
    announce: async ({ rings = [], cancelled = [] }) => {
      for (const { runId, state } of cancelled) journal.push(`announce ${state} ${Number(runId.slice(-12))}`);
      for (const { runId, first } of rings) journal.push(`ring ${Number(runId.slice(-12))}${first ? ", first" : ""}`);
      await announced();
    },
  });
  const hold = (n: number, { timeoutMs, lastEvent = -1 }: { timeoutMs: number; lastEvent?: number }) => {
    heartbeat.tell({ kind: "hold", claim: claimOf(aClaimedRun({ id: runId(n) })), timeoutMs, lastEvent });
  };
  /** Watches for as many seconds; the workshop says nothing unless `alive` is called. */
  const watch = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      const watched = heartbeat.watch();
      await jest.advanceTimersByTimeAsync(1000);
      void watched;
    }
  };
  const alive = () => heartbeat.tell({ kind: "alive", events: [] });
  return { heartbeat, journal, endings, heard, hold, watch, alive };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("a renewal is asked for four times per lease, and every other second of a long one", () => {
  expect(beatMsOf({ owner: "w", seconds: 4 })).toBe(1000);
  expect(beatMsOf({ owner: "w", seconds: LEASE_SECONDS })).toBe(2000);
  expect(beatMsOf({ owner: "w", seconds: 3600 })).toBe(2000);
});

test("two renewals may hang, and the third is asked for while the lease is good", () => {
  const lease = { owner: "w", seconds: LEASE_SECONDS };
  // Pauses vary by a tenth.
  const thirdAt = 1.1 * beatMsOf(lease) + 2 * (beatMsOf(lease) + RETRY_MS);
  expect(patienceMsOf(lease) - thirdAt).toBeGreaterThan(400);
});

describe("an event loop that is blocked", () => {
  test("has its run ended as a timeout, the others given back, and its process killed last", async () => {
    const { journal, endings, hold, watch } = setUp();
    hold(1, { timeoutMs: 2000 });
    hold(2, { timeoutMs: 60_000, lastEvent: 4 });

    await watch(7);

    expect(journal).toEqual([
      "settle 1:1",
      "give back 2:1, not spent, event 4",
      "announce done 1",
      "ring 2, first",
      "kill",
    ]);
    expect(endings).toMatchObject([{ status: "timeout", ending: "failed", error: { error: "TimeoutError" } }]);
  });

  test("keeps its leases as long as nothing is over its time", async () => {
    const { heartbeat, journal, heard, hold, watch } = setUp();
    hold(1, { timeoutMs: 3_600_000 });

    for (let beat = 0; beat < 20; beat++) {
      await watch(5);
      await heartbeat.beat();
    }

    expect(journal).toEqual([]);
    expect(heard).toEqual([]);
  });

  test("cannot roll back: the run is given back to a worker that can", async () => {
    const { journal, hold, watch } = setUp({ settle: async () => ({ kind: "rollback_wanted" }) });
    hold(1, { timeoutMs: 1000 });

    await watch(7);

    expect(journal).toEqual(["settle 1:1", "give back 1:1, not spent, event -1", "ring 1, first", "kill"]);
  });

  test("is killed although nobody can be told", async () => {
    const { journal, hold, watch } = setUp({ announced: () => new Promise(() => {}) });
    hold(1, { timeoutMs: 1000 });

    await watch(12);

    expect(journal).toEqual(["settle 1:1", "announce done 1", "kill"]);
  });

  test("is killed although the ledger is away, after as long as a lease", async () => {
    const { journal, hold, watch } = setUp({ settle: () => Promise.reject(new Error("away")) });
    hold(1, { timeoutMs: 1000 });

    await watch(15);
    expect(journal).not.toContain("kill");
    await watch(10);

    expect(journal.at(-1)).toBe("kill");
    expect(journal.filter((what) => what === "settle 1:1").length).toBeGreaterThan(10);
  });
});

describe("an event loop that turns", () => {
  test("ends its late runs by itself", async () => {
    const { journal, hold, watch, alive } = setUp();
    hold(1, { timeoutMs: 1000 });

    for (let round = 0; round < 5; round++) {
      alive();
      await watch(4);
    }

    expect(journal).toEqual([]);
  });

  test("is not taken for a blocked one when its process was frozen: rounds count, not time", async () => {
    const { journal, hold, watch } = setUp();
    hold(1, { timeoutMs: 1000 });

    await watch(1);
    jest.setSystemTime(Date.now() + 600_000);
    await watch(1);

    expect(journal).toEqual([]);
  });
});

test("a run that was released is nobody's business any more", async () => {
  const { heartbeat, journal, hold, watch } = setUp();
  hold(1, { timeoutMs: 1000 });
  heartbeat.tell({ kind: "release", claim: claimOf(aClaimedRun({ id: runId(1) })) });

  await watch(10);

  expect(journal).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
