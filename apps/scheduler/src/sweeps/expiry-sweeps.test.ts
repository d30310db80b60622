import { asThreadId, type ExpiredBatch, type ExpiryBounds, type ThreadId } from "@graphfleet/domain";
import { cronLogSweep } from "./cron-log-sweep.js";
import { orphanSweep } from "./orphan-sweep.js";
import { storeTtlSweep } from "./store-ttl-sweep.js";
import { threadTtlSweep } from "./thread-ttl-sweep.js";

const { signal: going } = new AbortController();
const threadId = (n: number) => asThreadId(`bbbb0000-0000-4000-8000-00000000000${n}`);

describe("threads", () => {
  function setUp(found: readonly ExpiredBatch[], limit = 1000) {
    const asked: ExpiryBounds[] = [];
    const tapesRemoved: ThreadId[] = [];
    const left = [...found];
    const sweep = threadTtlSweep({
      threads: {
        expire: async (bounds) => {
          asked.push(bounds);
          return left.shift() ?? { deleted: [], kept: [], more: false };
        },
      },
      bus: { remove: async (id) => void tapesRemoved.push(id) },
      everyMs: 300_000,
      limit,
    });
    return { sweep, asked, tapesRemoved };
  }

  test("counts the removed and the trimmed, and removes the tapes of the removed ones", async () => {
    const { sweep, tapesRemoved } = setUp([
      { deleted: [threadId(1), threadId(2)], kept: [threadId(3)], more: true },
      { deleted: [threadId(4)], kept: [], more: false },
    ]);

    expect(await sweep.once(going)).toBe(4);
    expect(tapesRemoved).toEqual([threadId(1), threadId(2), threadId(4)]);
  });

  test("asks for small batches, and for no more threads than the project's limit", async () => {
    const { sweep, asked } = setUp([{ deleted: [threadId(1)], kept: [threadId(2)], more: true }], 3);

    await sweep.once(going);

    expect(asked).toEqual([
      { threads: 3, rows: 5000 },
      { threads: 1, rows: 5000 },
    ]);
    const large = setUp([]);
    await large.sweep.once(going);
    expect(large.asked).toEqual([{ threads: 100, rows: 5000 }]);
  });
});

test("items are removed in batches until one is not full", async () => {
  const asked: number[] = [];
  const found = [500, 20];
  const sweep = storeTtlSweep({
    items: {
      removeExpired: async (limit) => {
        asked.push(limit);
        return found.shift() ?? 0;
      },
    },
    everyMs: 60_000,
  });

  expect(await sweep.once(going)).toBe(520);
  expect(asked).toEqual([500, 500]);
});

test("orphans are looked for page by page, and from the first id again after the last", async () => {
  const asked: [after: string, limit: number][] = [];
  const pages = [
    { removed: 2, next: "m" },
    { removed: 0, next: null },
    { removed: 1, next: "c" },
  ];
  const sweep = orphanSweep({
    checkpoints: {
      removeOrphans: async (...page) => {
        asked.push(page);
        return pages.shift() ?? { removed: 0, next: null };
      },
    },
    begin: "f",
  });

  expect([await sweep.once(going), await sweep.once(going), await sweep.once(going)]).toEqual([2, 0, 1]);
  expect(asked).toEqual([
    ["f", 1000],
    ["m", 1000],
    ["", 1000],
  ]);
});

test("firings are forgotten in batches until one is not full", async () => {
  const asked: [seconds: number, limit: number][] = [];
  const found = [2000, 20];
  const sweep = cronLogSweep({
    crons: {
      sweepFirings: async (...what) => {
        asked.push(what);
        return found.shift() ?? 0;
      },
    },
    keepSeconds: 86_400,
  });

  expect(await sweep.once(going)).toBe(2020);
  expect(asked).toEqual([
    [86_400, 2000],
    [86_400, 2000],
  ]);
});
