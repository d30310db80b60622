import type { Metrics } from "@graphfleet/chassis";
import type { CheckpointRepository, ItemRepository, ThreadRepository } from "@graphfleet/domain";

export interface GrowthNumbers {
  readonly threads: Pick<ThreadRepository, "countExpired">;
  readonly items: Pick<ItemRepository, "countExpired">;
  readonly checkpoints: Pick<CheckpointRepository, "bytes">;
}

/** Beyond, the number says "more". */
const COUNT_UP_TO = 100_000;
/** Scrapes may come every second; these numbers change slowly, and asking costs the database a little. */
const SAMPLE_MS = 15_000;

/** What waits to be swept, and what checkpoints take on disk. `now` is in milliseconds; tests bring their own. */
export function gaugeGrowth(
  metrics: Metrics,
  { threads, items, checkpoints }: GrowthNumbers,
  now: () => number = Date.now,
): void {
  const expiredThreads = sampled(() => threads.countExpired(COUNT_UP_TO), now);
  const expiredItems = sampled(() => items.countExpired(COUNT_UP_TO), now);
  const sizes = sampled(() => checkpoints.bytes(), now);

  metrics.gauge(
    "expiry_backlog",
    "What expired and waits to be swept, of threads and items",
    ["kind"],
    async (gauge) => {
      gauge.set({ kind: "threads" }, (await expiredThreads()) ?? Number.NaN);
      gauge.set({ kind: "items" }, (await expiredItems()) ?? Number.NaN);
    },
  );
  metrics.gauge("checkpoint_bytes", "What checkpoints take on disk, with their indexes", ["table"], async (gauge) => {
    for (const [table, bytes] of Object.entries((await sizes()) ?? {})) gauge.set({ table }, bytes);
  });
}

/** Asks at most once per interval. Null while the ledger does not answer: then the rest of the page is still served. */
function sampled<T>(ask: () => Promise<T>, now: () => number): () => Promise<T | null> {
  let asked: Promise<T | null> | null = null;
  let askedAt = 0;
  return () => {
    if (asked === null || now() - askedAt >= SAMPLE_MS) {
      askedAt = now();
      asked = ask().catch(() => null);
    }
    return asked;
  };
}
