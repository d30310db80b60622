import {
  ANONYMOUS,
  allowAll,
  WHOLE_HOUSE,
  type CronOutcome,
  makeFireCrons,
  type NewCron,
  randomIds,
  type Storage,
  unavailable,
} from "@graphfleet/domain";
import { openLedger, silentLog, type TestLedger } from "@graphfleet/testkit";
import { openPostgres, type PostgresLedger } from "./database.js";

let ledger: TestLedger;
let other: PostgresLedger;
beforeAll(async () => {
  ledger = await openLedger();
  other = await openPostgres({ uri: ledger.uri, poolMax: 3, applicationName: "graphfleet-test-other" });
});
afterAll(async () => {
  await other?.close();
  await ledger?.close();
});
afterEach(() => ledger.pool.query("DELETE FROM crons"));

/** As one scheduler has it. */
function scheduler(storage: Storage) {
  const outcomes: CronOutcome[] = [];
  const fireCrons = makeFireCrons({
    storage,
    authorizer: allowAll,
    signals: { announce: async () => {} },
    ids: randomIds,
    log: silentLog,
    observe: (outcome) => void outcomes.push(outcome),
  });
  return { fireCrons, outcomes };
}

async function makeCron(facts: Partial<NewCron> = {}) {
  const assistant = await ledger.make.assistant();
  return ledger.storage.crons.insert({
    id: randomIds.cron(),
    assistantId: assistant.id,
    threadId: null,
    onRunCompleted: "keep",
    schedule: "0 0 1 1 *",
    timezone: null,
    endTime: null,
    enabled: true,
    nextRunAt: new Date("2026-01-01T00:00:00Z"),
    userId: null,
    template: {
      input: {},
      config: {},
      context: null,
      webhook: null,
      interruptBefore: null,
      interruptAfter: null,
      multitaskStrategy: "enqueue",
      streamModes: null,
      streamSubgraphs: false,
      streamResumable: false,
      durability: null,
    },
    metadata: {},
    owner: { caller: ANONYMOUS, scope: WHOLE_HOUSE, stamp: {} },
    ...facts,
  });
}

const runsOf = async (cronId: string) => {
  const { rows } = await ledger.pool.query("SELECT run_id FROM runs WHERE metadata @> $1", [{ cron_id: cronId }]);
  return rows.map((row: { run_id: string }) => row.run_id);
};
const firingsOf = async (cronId: string) => {
  const { rows } = await ledger.pool.query("SELECT run_id FROM cron_firings WHERE cron_id = $1", [cronId]);
  return rows.map((row: { run_id: string | null }) => row.run_id);
};

test("two schedulers at once fire every cron once, on threads too", async () => {
  const thread = await ledger.make.thread();
  const crons = [];
  for (let n = 0; n < 30; n++) crons.push(await makeCron(n % 3 === 0 ? { threadId: thread.id } : {}));
  const [a, b] = [scheduler(ledger.storage), scheduler(other.storage)];

  // Crons on one thread may have to wait for each other.
  let fired = 0;
  while (fired < crons.length)
    fired += (await Promise.all([a.fireCrons(100), b.fireCrons(100)])).reduce((x, y) => x + y);

  expect(fired).toBe(crons.length);
  for (const { id } of crons) {
    const runs = await runsOf(id);
    expect(runs).toHaveLength(1);
    expect(await firingsOf(id)).toEqual(runs);
  }
  expect(await a.fireCrons(100)).toBe(0);
});

test("a scheduler that dies before the commit has done nothing; another one fires", async () => {
  const cron = await makeCron();
  const dying: Storage = {
    ...other.storage,
    transaction: (work) =>
      other.storage.transaction(async (tx) => {
        await work(tx);
        throw unavailable("killed");
      }),
  };

  await expect(scheduler(dying).fireCrons(10)).rejects.toThrow("killed");
  expect(await runsOf(cron.id)).toEqual([]);
  expect(await firingsOf(cron.id)).toEqual([]);

  expect(await scheduler(ledger.storage).fireCrons(10)).toBe(1);
  expect(await runsOf(cron.id)).toHaveLength(1);
});

test("one that dies after the commit has fired: nobody fires again, and the run waits to be rung for", async () => {
  const cron = await makeCron();
  const dying: Storage = {
    ...other.storage,
    transaction: async (work) => {
      await other.storage.transaction(work);
      throw unavailable("killed");
    },
  };

  // Its rounds end where it died; whatever it believes of this one, the ledger has it once.
  await expect(scheduler(dying).fireCrons(10)).rejects.toThrow("killed");
  await scheduler(ledger.storage).fireCrons(10);

  expect(await runsOf(cron.id)).toHaveLength(1);
  const { rows } = await ledger.pool.query("SELECT status FROM runs WHERE run_id = $1", await runsOf(cron.id));
  expect(rows).toEqual([{ status: "pending" }]);
});

test("a moment that was taken is not fired again, whatever the row says", async () => {
  const cron = await makeCron();
  await scheduler(ledger.storage).fireCrons(10);
  await ledger.pool.query("UPDATE crons SET next_run_at = $1", [cron.nextRunAt]);

  await scheduler(ledger.storage).fireCrons(10);

  expect(await runsOf(cron.id)).toHaveLength(1);
});

test("a run that is refused leaves nothing but the note", async () => {
  const thread = await ledger.make.thread();
  await ledger.make.run({ threadId: thread.id });
  const plain = await makeCron({ enabled: false });
  const cron = await makeCron({
    threadId: thread.id,
    template: { ...plain.template, multitaskStrategy: "reject" },
    schedule: "* * * * * *",
  });
  const { fireCrons, outcomes } = scheduler(ledger.storage);

  expect(await fireCrons(1)).toBe(1);

  expect(outcomes).toMatchObject([{ kind: "refused" }]);
  expect(await runsOf(cron.id)).toEqual([]);
  expect(await firingsOf(cron.id)).toEqual([null]);
});

test("crons go with their thread, also while they are due", async () => {
  const thread = await ledger.make.thread();
  const cron = await makeCron({ threadId: thread.id });

  const { fireCrons } = scheduler(other.storage);
  await Promise.all([fireCrons(10), ledger.storage.threads.delete(thread.id, { conditions: [] })]);

  expect(await ledger.storage.crons.get(cron.id, { conditions: [] })).toBeNull();
});

test("old firings are forgotten, the latest is not", async () => {
  const cron = await makeCron();
  await ledger.pool.query("INSERT INTO cron_firings (cron_id, scheduled_for) VALUES ($1, '2020-01-01')", [cron.id]);

  await scheduler(ledger.storage).fireCrons(10);

  expect(await firingsOf(cron.id)).toEqual(await runsOf(cron.id));
});
