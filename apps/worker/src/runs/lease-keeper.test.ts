import { jest } from "@jest/globals";
import type { CancelAction, Claim, Renewal, StopReason } from "@graphfleet/domain";
import { aClaimedRun, aLog, runId } from "../../test/fakes.js";
import { Heartbeat } from "../heartbeat/heartbeat.js";
import { LeaseKeeper } from "./lease-keeper.js";

const LEASE = { owner: "w-1", seconds: 15 };
/** A lease that is not renewed is given up this long after it was last known to be good. */
const PATIENCE_MS = 13_125;

type Asked = readonly (Claim & { readonly lastEvent: number })[];

function setUp({ timeoutSeconds = 3600 } = {}) {
  const asked: Asked[] = [];
  const { log, sentences } = aLog();
  const ledger = {
    /** What the rows say: cancel actions of runs, or null; runs that are not here are lost. */
    actions: new Map<string, CancelAction | null>(),
    /** Stands in for the answer when set. */
    answer: null as (() => Promise<readonly Renewal[]>) | null,
  };
  let heartbeat: Heartbeat | undefined;
  let die = (_error: Error) => {};
  const deaths: Error[] = [];
  const nobody = () => Promise.reject(new Error("only a blocked process is settled by its heartbeat"));
  const runs = {
    settle: nobody,
    giveBack: nobody,
    renew: async (claims: Asked) => {
      asked.push(claims);
      if (ledger.answer !== null) return await ledger.answer();
      return claims.flatMap(({ runId, fence }): Renewal[] => {
        const cancelAction = ledger.actions.get(`${runId}:${fence}`);
        return cancelAction === undefined ? [] : [{ runId, fence, cancelAction }];
      });
    },
  };
  const keeper = new LeaseKeeper({
    openHeartbeat: ({ hear, died }) => {
      die = died;
      heartbeat = new Heartbeat({ runs, lease: LEASE, hear, kill: () => {} });
      return { tell: (message) => heartbeat?.tell(message), close: async () => heartbeat?.stop() };
    },
    log,
    timeoutSeconds,
    died: (error) => void deaths.push(error),
  });
  const beat = async () => {
    keeper.reportAlive();
    await heartbeat?.beat();
  };
  const hold = (...facts: Parameters<typeof aClaimedRun>) => {
    const run = aClaimedRun(...facts);
    ledger.actions.set(`${run.id}:${run.fence}`, run.cancelAction);
    return keeper.hold(run);
  };
  return { keeper, beat, die: (error: Error) => die(error), deaths, ledger, asked, sentences, hold };
}

const reasonOf = ({ signal }: { readonly signal: AbortSignal }): StopReason | null =>
  signal.aborted ? (signal.reason as StopReason) : null;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe("a heartbeat", () => {
  test("renews every run that is held, with its claim and its last event", async () => {
    const { beat, asked, hold } = setUp();
    const one = hold({ id: runId(1), fence: 3, lastEvent: 7 });
    hold({ id: runId(2), fence: 1 }).report(() => 42);

    await beat();

    expect(asked).toMatchObject([
      [
        { runId: runId(1), fence: 3, lastEvent: 7 },
        { runId: runId(2), fence: 1, lastEvent: 42 },
      ],
    ]);
    expect(reasonOf(one)).toBeNull();
  });

  test("does not bother the ledger when nothing is held", async () => {
    const { keeper, beat, asked, hold } = setUp();
    hold().release();

    await beat();

    expect(asked).toEqual([]);
    expect(keeper.size).toBe(0);
  });

  test("stops a run whose lease is lost, and only that one", async () => {
    const { beat, ledger, hold } = setUp();
    const [lost, kept] = [hold({ id: runId(1) }), hold({ id: runId(2) })];
    ledger.actions.delete(`${runId(1)}:1`);

    await beat();

    expect(reasonOf(lost)).toBe("lease_lost");
    expect(reasonOf(kept)).toBeNull();
  });

  test("takes a renewal of another claim for a loss", async () => {
    const { beat, ledger, hold } = setUp();
    const held = hold({ fence: 1 });
    ledger.answer = async () => [{ runId: runId(1), fence: 2, cancelAction: null }];

    await beat();

    expect(reasonOf(held)).toBe("lease_lost");
  });

  test.each([
    ["interrupt", "cancelled"],
    ["rollback", "rolled_back"],
  ] as const)("stops a run that was cancelled: %s", async (action, reason) => {
    const { beat, ledger, hold } = setUp();
    const held = hold();
    ledger.actions.set(`${runId(1)}:1`, action);

    await beat();

    expect(reasonOf(held)).toBe(reason);
  });

  test("leaves the first reason as it is", async () => {
    const { keeper, beat, ledger, hold } = setUp();
    const held = hold({ cancelAction: "interrupt" });
    ledger.actions.clear();

    await beat();
    keeper.stopAll();

    expect(reasonOf(held)).toBe("cancelled");
  });
});

describe("a hint", () => {
  test("makes the keeper look at once", async () => {
    const { keeper, ledger, hold } = setUp();
    const held = hold();
    ledger.actions.set(`${runId(1)}:1`, "interrupt");

    keeper.look(runId(1));
    await jest.advanceTimersByTimeAsync(0);

    expect(reasonOf(held)).toBe("cancelled");
  });

  test("about somebody else's run is none of our business", async () => {
    const { keeper, asked, hold } = setUp();
    hold();

    keeper.look(runId(2));
    await jest.advanceTimersByTimeAsync(0);

    expect(asked).toEqual([]);
  });

  test("proves nothing: the row decides", async () => {
    const { keeper, hold } = setUp();
    const held = hold();

    keeper.look(runId(1));
    await jest.advanceTimersByTimeAsync(0);

    expect(reasonOf(held)).toBeNull();
  });
});

describe("a ledger that cannot be reached", () => {
  test("costs nothing while the lease is good", async () => {
    const { beat, ledger, sentences, hold } = setUp();
    const held = hold();
    ledger.answer = () => Promise.reject(new Error("away"));

    await beat();
    await jest.advanceTimersByTimeAsync(PATIENCE_MS - 1);

    expect(reasonOf(held)).toBeNull();
    expect(sentences).toEqual(["leases could not be renewed"]);
  });

  test("costs the run before the lease is over, also between two heartbeats", async () => {
    const { beat, ledger, hold } = setUp();
    const held = hold();
    ledger.answer = () => Promise.reject(new Error("away"));

    await beat();
    await jest.advanceTimersByTimeAsync(PATIENCE_MS);

    expect(reasonOf(held)).toBe("lease_lost");
  });

  test("is as good as away when it does not answer, and the next heartbeat can come", async () => {
    const { beat, ledger, sentences, hold } = setUp();
    const held = hold();
    ledger.answer = () => new Promise(() => {});

    const beating = beat();
    await jest.advanceTimersByTimeAsync(5000);
    await beating;
    expect(sentences).toEqual(["leases could not be renewed"]);
    expect(reasonOf(held)).toBeNull();
    await jest.advanceTimersByTimeAsync(PATIENCE_MS - 5000);

    expect(reasonOf(held)).toBe("lease_lost");
  });

  test("is forgotten once a renewal gets through", async () => {
    const { beat, ledger, hold } = setUp();
    const held = hold();
    ledger.answer = () => Promise.reject(new Error("away"));
    await jest.advanceTimersByTimeAsync(10_000);
    await beat();

    ledger.answer = null;
    await beat();
    await jest.advanceTimersByTimeAsync(PATIENCE_MS - 1);
    expect(reasonOf(held)).toBeNull();
    await jest.advanceTimersByTimeAsync(1);

    expect(reasonOf(held)).toBe("lease_lost");
  });

  test("that answers late renewed the lease when it was asked, not when it answered", async () => {
    const { beat, ledger, hold } = setUp();
    const held = hold();
    let answer = (_renewals: readonly Renewal[]) => {};
    ledger.answer = () => new Promise((resolve) => (answer = resolve));

    const beating = beat();
    await jest.advanceTimersByTimeAsync(4000);
    answer([{ runId: runId(1), fence: 1, cancelAction: null }]);
    await beating;
    await jest.advanceTimersByTimeAsync(PATIENCE_MS - 4000);

    expect(reasonOf(held)).toBe("lease_lost");
  });

  test("whose answers overtake each other counts the later question", async () => {
    const { keeper, beat, ledger, hold } = setUp();
    const held = hold();
    const renewed: readonly Renewal[] = [{ runId: runId(1), fence: 1, cancelAction: null }];
    let answerFirst = (_renewals: readonly Renewal[]) => {};
    ledger.answer = () => new Promise((resolve) => (answerFirst = resolve));

    const first = beat();
    await jest.advanceTimersByTimeAsync(3000);
    ledger.answer = async () => renewed;
    keeper.look(runId(1));
    await jest.advanceTimersByTimeAsync(0);
    answerFirst(renewed);
    await first;
    await jest.advanceTimersByTimeAsync(PATIENCE_MS - 1);

    expect(reasonOf(held)).toBeNull();
  });
});

describe("time", () => {
  test("a run over its time is stopped", async () => {
    const { keeper, hold } = setUp({ timeoutSeconds: 10 });
    const held = hold();

    await jest.advanceTimersByTimeAsync(9999);
    expect(reasonOf(held)).toBeNull();
    await jest.advanceTimersByTimeAsync(1);

    expect(reasonOf(held)).toBe("timed_out");
    expect(keeper.size).toBe(1);
  });

  test("a limit longer than any timer is not taken for none at all", async () => {
    const { beat, hold } = setUp({ timeoutSeconds: 100 * 24 * 3600 });
    const held = hold();

    await jest.advanceTimersByTimeAsync(5000);
    await beat();

    expect(reasonOf(held)).toBeNull();
  });

  test("has no hold on a run that was released", async () => {
    const { beat, ledger, hold } = setUp({ timeoutSeconds: 10 });
    const held = hold();
    let answer = (_renewals: readonly Renewal[]) => {};
    ledger.answer = () => new Promise((resolve) => (answer = resolve));

    const beating = beat();
    held.release();
    answer([{ runId: runId(1), fence: 1, cancelAction: null }]);
    await beating;

    expect(jest.getTimerCount()).toBe(0);
    expect(reasonOf(held)).toBeNull();
  });
});

describe("stopAll", () => {
  test("stops the runs that are held and those still to come", () => {
    const { keeper, hold } = setUp();
    const held = hold({ id: runId(1) });

    keeper.stopAll();

    expect(reasonOf(held)).toBe("shutting_down");
    expect(reasonOf(hold({ id: runId(2) }))).toBe("shutting_down");
  });
});

describe("a heartbeat that stops by itself", () => {
  test("has every run given back while the leases are good, and is reported", () => {
    const { die, deaths, hold } = setUp();
    const held = hold();

    die(new Error("thread gone"));

    expect(reasonOf(held)).toBe("shutting_down");
    expect(deaths).toEqual([new Error("thread gone")]);
  });
});

describe("hold", () => {
  test.each([
    ["interrupt", "cancelled"],
    ["rollback", "rolled_back"],
  ] as const)(
    "a run that was cancelled before it was claimed is stopped from the start: %s",
    (cancelAction, reason) => {
      expect(reasonOf(setUp().hold({ cancelAction }))).toBe(reason);
    },
  );

  test("a run that comes back puts its earlier claim down, which nobody renews any more", async () => {
    const { beat, asked, hold } = setUp();
    const earlier = hold({ fence: 1 });

    const later = hold({ fence: 2 });

    expect(reasonOf(earlier)).toBe("lease_lost");
    earlier.release();
    await beat();
    expect(asked).toMatchObject([[{ fence: 2 }]]);
    expect(reasonOf(later)).toBeNull();
  });
});
