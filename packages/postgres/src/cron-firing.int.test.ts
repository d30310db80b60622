import {
  allowAll,
  type CronOutcome,
  makeFireCrons,
  type NewCron,
  randomIds,
  type Storage,
  unavailable,
} from "@graphfleet/domain";
import { openLedger, silentLog, type TestLedger } from "@graphfleet/testkit";
import { openPostgres, type PostgresLedger } from "./database.js";

const TTL = { minutes: 60, strategy: "delete" } as const;

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

/** One that is long due. */
const makeCron = (facts: Partial<NewCron> = {}) =>
  ledger.make.cron({ nextRunAt: new Date("2026-01-01T00:00:00Z"), ...facts });

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

test("many at once: runs and threads are as one by one, and the project's lifetime is for threads that stay", async () => {
  const withTtl = await openPostgres({ uri: ledger.uri, poolMax: 3, applicationName: "ttl", threadTtl: TTL });
  const kept = [];
  for (let n = 0; n < 5; n++) kept.push(await makeCron({ metadata: { n, text: 'a "b" {c}, \\d NULL \u0000' } }));
  const gone = await makeCron({ onRunCompleted: "delete" });

  expect(await scheduler(withTtl.storage).fireCrons(100)).toBe(6);
  await withTtl.close();

  const { rows } = await ledger.pool.query(
    `SELECT r.metadata ->> 'cron_id' AS cron, r.metadata ->> 'n' AS n, r.metadata ->> 'text' AS text, r.priority,
       r.status AS run, t.status AS thread, t.resting_status AS resting, t.metadata ->> 'graph_id' AS graph,
       t.ttl_minutes AS ttl, t.expires_at > now() AS expires, t.temporary
     FROM runs r JOIN threads t USING (thread_id) WHERE r.metadata ->> 'cron_id' = any($1) ORDER BY r.seq`,
    [[...kept, gone].map(({ id }) => id)],
  );
  const common = { priority: 10, run: "pending", thread: "busy", resting: "idle", graph: expect.any(String) };
  const text = 'a "b" {c}, \\d NULL ';
  expect(rows.filter(({ temporary }) => !temporary).sort((a, b) => a.n - b.n)).toEqual(
    kept.map(({ id }, n) => ({ ...common, cron: id, n: String(n), text, ttl: 60, expires: true, temporary: false })),
  );
  expect(rows.filter(({ temporary }) => temporary)).toEqual([
    { ...common, cron: gone.id, n: null, text: null, ttl: null, expires: null, temporary: true },
  ]);
});

test("a moment that somebody wrote by hand, with microseconds, fires once too", async () => {
  const cron = await makeCron();
  await ledger.pool.query("UPDATE crons SET next_run_at = '2026-01-01T00:00:00.123456Z' WHERE cron_id = $1", [cron.id]);
  const { fireCrons } = scheduler(ledger.storage);

  expect(await fireCrons(10)).toBe(1);
  expect(await fireCrons(10)).toBe(0);

  expect(await runsOf(cron.id)).toHaveLength(1);
});

test("old firings are forgotten, a batch at a time; the latest are not", async () => {
  const cron = await makeCron();
  await ledger.pool.query(
    `INSERT INTO cron_firings (cron_id, scheduled_for, fired_at)
     SELECT $1, moment, moment FROM generate_series('2020-01-01'::timestamptz, '2020-01-05', '1 day') AS moment`,
    [cron.id],
  );
  await scheduler(ledger.storage).fireCrons(10);

  expect(await ledger.storage.crons.sweepFirings(3600, 3)).toBe(3);
  expect(await ledger.storage.crons.sweepFirings(3600, 3)).toBe(2);
  expect(await ledger.storage.crons.sweepFirings(3600, 3)).toBe(0);

  expect(await firingsOf(cron.id)).toEqual(await runsOf(cron.id));
});
