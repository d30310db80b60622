import {
  allowAll,
  type CheckpointRepository,
  type CronRepository,
  type DeliveryRepository,
  type ItemRepository,
  randomIds,
  type RunRepository,
  type Storage,
  type ThreadRepository,
} from "@graphfleet/domain";
import { startScheduler } from "./scheduler.js";

function setUp({ isAway = false } = {}) {
  const observed: [sweep: string, rows: number][] = [];
  const warnings: object[] = [];
  let warned = () => {};
  const warning = new Promise<void>((resolve) => (warned = resolve));
  const runs: Pick<RunRepository, "unheard" | "reapExpired" | "sweepTemporary"> = {
    unheard: async () => {
      if (isAway) throw new Error("Postgres is away");
      return [];
    },
    reapExpired: async () => [],
    sweepTemporary: async () => 2,
  };
  const threads: Pick<ThreadRepository, "expire"> = { expire: async () => ({ deleted: [], kept: [], more: false }) };
  const items: Pick<ItemRepository, "removeExpired"> = { removeExpired: async () => 0 };
  const checkpoints: Pick<CheckpointRepository, "removeOrphans"> = {
    removeOrphans: async () => ({ removed: 0, next: null }),
  };
  const deliveries: Pick<DeliveryRepository, "unheard" | "sweepEnded"> = {
    unheard: async () => [],
    sweepEnded: async () => 3,
  };
  const crons: Pick<CronRepository, "sweepFirings"> = { sweepFirings: async () => 5 };
  const note = (fields: object) => {
    warnings.push(fields);
    warned();
  };
  const scheduler = startScheduler({
    // Sweeps need only these.
    storage: { runs, threads, items, checkpoints, deliveries, crons } as unknown as Storage,
    queue: { ring: async () => {} },
    bus: { remove: async () => {} },
    webhooks: { ring: async () => {} },
    sendsWebhooks: true,
    signals: { announce: async () => {} },
    log: { debug: () => {}, info: () => {}, warn: note, error: () => {} },
    ids: randomIds,
    authorizer: allowAll,
    observe: (...what) => void observed.push(what),
    observeCron: () => {},
    options: { maxAttempts: 3, temporaryKeepSeconds: 120, webhookKeepSeconds: 3600, firingKeepSeconds: 3600 },
  });
  return { scheduler, observed, warnings, warning };
}

test("does every duty at once, and says how many rows it took care of", async () => {
  const { scheduler, observed } = setUp();

  await scheduler.stop();

  expect(scheduler.sweeps.map(({ name }) => name)).toEqual([
    "doorbell",
    "lease",
    "temporary",
    "thread_ttl",
    "store_ttl",
    "orphans",
    "webhook",
    "cron_log",
    "webhook_log",
    "crons",
  ]);
  expect(observed).toEqual(
    expect.arrayContaining([
      ["doorbell", 0],
      ["lease", 0],
      ["temporary", 2],
      ["webhook", 0],
      ["cron_log", 5],
      ["webhook_log", 3],
    ]),
  );
});

test("goes on with the others when one duty fails", async () => {
  const { scheduler, observed, warnings, warning } = setUp({ isAway: true });

  await warning;
  await scheduler.stop();

  expect(observed.map(([name]) => name)).toEqual(expect.arrayContaining(["lease", "temporary"]));
  expect(warnings).toMatchObject([{ name: "doorbell", failures: 1 }]);
});
