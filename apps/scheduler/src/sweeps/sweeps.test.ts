import { asRunId, asThreadId, type Changes, type Log, type ReapedRun, type Ring } from "@graphfleet/domain";
import { doorbellSweep } from "./doorbell-sweep.js";
import { leaseSweep } from "./lease-sweep.js";
import { temporarySweep } from "./temporary-sweep.js";
import { webhookLogSweep, webhookSweep } from "./webhook-sweeps.js";

/** Nobody stops these sweeps. */
const { signal: going } = new AbortController();

const runId = (n: number) => asRunId(`aaaa0000-0000-4000-8000-00000000000${n}`);
const threadId = (n: number) => asThreadId(`bbbb0000-0000-4000-8000-00000000000${n}`);
const ring = (n: number): Ring => ({ runId: runId(n), threadId: threadId(n), fence: 1 });

describe("doorbell", () => {
  function setUp(unheard: readonly Ring[]) {
    const asked: [seconds: number, limit: number][] = [];
    const rung: (readonly Ring[])[] = [];
    const bell = { isAway: false };
    const sweep = doorbellSweep({
      runs: {
        unheard: async (...limits) => {
          asked.push(limits);
          return unheard;
        },
      },
      queue: {
        ring: async (rings) => {
          if (bell.isAway) throw new Error("Redis is away");
          rung.push(rings);
        },
      },
    });
    return { sweep, asked, rung, bell };
  }

  test("rings again for the runs nobody can have heard of, and says that it repeats", async () => {
    const { sweep, asked, rung } = setUp([ring(1), ring(2)]);

    expect(await sweep.once(going)).toBe(2);
    expect(asked).toEqual([[5, 500]]);
    expect(rung).toEqual([
      [
        { ...ring(1), repeated: true },
        { ...ring(2), repeated: true },
      ],
    ]);
  });

  test("is silent when everybody was heard", async () => {
    const { sweep, rung } = setUp([]);

    expect(await sweep.once(going)).toBe(0);
    expect(rung).toEqual([]);
  });

  test("fails when the bell cannot be reached, so that its loop tries again", async () => {
    const { sweep, bell } = setUp([ring(1)]);
    bell.isAway = true;

    await expect(sweep.once(going)).rejects.toThrow("Redis is away");
  });
});

describe("lease", () => {
  const reaped = (n: number, outcome: ReapedRun["outcome"], next: Ring | null): ReapedRun => ({
    runId: runId(n),
    threadId: threadId(n),
    outcome,
    ring: next,
  });

  function setUp(found: readonly ReapedRun[]) {
    const asked: object[] = [];
    const announced: Changes[] = [];
    const warnings: object[] = [];
    const log: Log = { debug: () => {}, info: () => {}, warn: (fields) => void warnings.push(fields), error: () => {} };
    const sweep = leaseSweep({
      runs: {
        reapExpired: async (options) => {
          asked.push(options);
          return found;
        },
      },
      signals: { announce: async (changes) => void announced.push(changes) },
      log,
      maxAttempts: 3,
    });
    return { sweep, asked, announced, warnings };
  }

  test("rings for the runs that go on, and tells readers of those that do not", async () => {
    const { sweep, asked, announced } = setUp([
      reaped(1, "requeued", ring(1)),
      reaped(2, "failed", ring(9)),
      reaped(3, "interrupted", null),
    ]);

    expect(await sweep.once(going)).toBe(3);
    expect(asked).toEqual([{ maxAttempts: 3, limit: 100 }]);
    expect(announced).toEqual([
      {
        rings: [{ ...ring(1), first: true }, ring(9)],
        cancelled: [
          { runId: runId(2), threadId: threadId(2), state: "done", ring: null },
          { runId: runId(3), threadId: threadId(3), state: "done", ring: null },
        ],
      },
    ]);
  });

  test("leaves a line for each run that lost its worker", async () => {
    const { sweep, warnings } = setUp([reaped(1, "requeued", ring(1))]);

    await sweep.once(going);

    expect(warnings).toEqual([{ run_id: runId(1), thread_id: threadId(1), outcome: "requeued" }]);
  });

  test("announces nothing when every worker lives", async () => {
    const { sweep, announced, warnings } = setUp([]);

    expect(await sweep.once(going)).toBe(0);
    expect(announced).toEqual([{ rings: [], cancelled: [] }]);
    expect(warnings).toEqual([]);
  });
});

describe("temporary", () => {
  test("removes what is older than results are kept, in batches until nothing is left", async () => {
    const asked: [seconds: number, limit: number][] = [];
    const found = [100, 100, 4];
    const sweep = temporarySweep({
      runs: {
        sweepTemporary: async (...limits) => {
          asked.push(limits);
          return found.shift() ?? 0;
        },
      },
      keepSeconds: 120,
    });

    expect(await sweep.once(going)).toBe(204);
    expect(asked).toEqual([
      [120, 100],
      [120, 100],
      [120, 100],
    ]);
  });
});

describe("webhook", () => {
  const sweepOf = (due: readonly Ring[], ring: (rings: readonly Ring[]) => Promise<void>) =>
    webhookSweep({ deliveries: { unheard: async () => due }, webhooks: { ring } });

  test("rings again for webhooks that nobody can have heard of", async () => {
    const rung: Ring[] = [];
    const sweep = sweepOf([ring(1), ring(2)], async (rings) => void rung.push(...rings));

    expect(await sweep.once(going)).toBe(2);
    expect(rung).toEqual([
      { ...ring(1), repeated: true },
      { ...ring(2), repeated: true },
    ]);
  });

  test("is silent when there are none", async () => {
    expect(await sweepOf([], () => Promise.reject(new Error("not asked"))).once(going)).toBe(0);
  });

  test("fails when the bell cannot be reached, so that its loop tries again", async () => {
    await expect(sweepOf([ring(1)], () => Promise.reject(new Error("Redis is away"))).once(going)).rejects.toThrow(
      "away",
    );
  });

  test("forgets those that have been over for as long as was said", async () => {
    const asked: number[][] = [];
    const sweepEnded = async (...limits: [number, number]) => {
      asked.push(limits);
      return 4;
    };
    expect(await webhookLogSweep({ deliveries: { sweepEnded }, keepSeconds: 60 }).once(going)).toBe(4);
    expect(asked).toEqual([[60, 500]]);
  });
});
