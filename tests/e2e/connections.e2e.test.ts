import pg from "pg";
import { describeFleet, freshDatabase, TestFleet } from "./support/fleet.js";
import { WiretappedPostgres } from "./support/wiretapped-postgres.js";
import { eventually } from "./support/wait.js";

const SLEEPERS = 500;
const BATCH = 100;
/** What one worker may hold, whatever its runs do. */
const MOST = 20;

describeFleet("the connections to Postgres of a fleet", () => {
  let fleet: TestFleet;
  let wire: WiretappedPostgres;
  let sql: pg.Pool;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await freshDatabase();
    drop = database.drop;
    sql = new pg.Pool({ connectionString: database.uri, max: 1 });
    wire = await WiretappedPostgres.to(database.uri);
    const env = { DATABASE_URI: wire.uri, N_JOBS_PER_WORKER: String(SLEEPERS) };
    fleet = await TestFleet.start({ env, workers: 1 });
  });
  afterAll(async () => {
    await fleet?.stop();
    await wire?.close();
    await sql?.end();
    await drop?.();
  });

  const running = async (): Promise<number> => {
    const { rows } = await sql.query<{ n: number }>("select count(*)::int as n from runs where status = 'running'");
    return rows[0]?.n ?? 0;
  };

  test(`${SLEEPERS} runs that sleep need at most ${MOST}, from their beginning to their end`, async () => {
    const { client } = fleet;
    const payload = { assistantId: "slow", input: { ms: 600_000 } };
    for (let i = 0; i < SLEEPERS; i += BATCH)
      await client.runs.createBatch(Array.from({ length: BATCH }, () => payload));
    await eventually(running, (count) => count === SLEEPERS, { withinMs: 90_000 });

    const { rows } = await sql.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where application_name like 'graphfleet-worker-1%'",
    );
    expect(rows[0]?.n).toBeGreaterThan(0);
    expect(rows[0]?.n).toBeLessThanOrEqual(MOST);

    const cancelled = await fetch(`${fleet.url}/runs/cancel`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ status: "running" }),
    });
    expect(cancelled.ok).toBe(true);
    await eventually(running, (count) => count === 0, { withinMs: 90_000 });
    expect(wire.mostOf("worker-1")).toBeGreaterThan(1);
    expect(wire.mostOf("worker-1")).toBeLessThanOrEqual(MOST);
  });

  test("all bound how long a statement, a lock and an open transaction may take", () => {
    const names = wire.taps.map(({ applicationName }) => applicationName);
    for (const name of ["api-1", "worker-1", "worker-1-beat-heartbeat", "scheduler-1"])
      expect(names).toContain(`graphfleet-${name}`);
    for (const { applicationName, said } of wire.taps) {
      // It asks one question, and hangs up when the answer takes a second.
      if (applicationName.endsWith("-vigil")) continue;
      for (const limit of ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
        expect([applicationName, said]).toEqual([applicationName, expect.stringContaining(`'${limit}'`)]);
    }
  });
});
