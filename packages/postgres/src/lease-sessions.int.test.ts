import { claimOf, type RunId } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

import { openPostgres, type PostgresLedger } from "./database.js";

const LEASE = { owner: "worker-1", seconds: 3600 };
const SWEEP = { maxAttempts: 3, limit: 10 };

/** Of the sweeps. */
let ledger: TestLedger;
/** Of a process with two connections: one that claims, and one for heartbeats. */
let process: PostgresLedger;
beforeEach(async () => {
  ledger = await openLedger();
  process = await openPostgres({ uri: ledger.uri, poolMax: 1, applicationName: "doomed" });
});
afterEach(async () => {
  await process.close();
  await ledger.close();
});

async function claimed() {
  const run = (await process.storage.runs.claim(await ledger.make.run(), LEASE))!;
  const renew = () => process.storage.runs.renew([{ ...claimOf(run), lastEvent: -1 }], LEASE);
  return { run, renew };
}

/** Whether the lease will end within seconds, or lasts as long as it was given. */
async function isShort(runId: RunId): Promise<boolean> {
  const { rows } = await ledger.pool.query<{ short: boolean }>(
    "select lease_expires_at < clock_timestamp() + interval '10 s' as short from runs where run_id = $1",
    [runId],
  );
  return rows[0]!.short;
}

/** Ends sessions of the process from outside, and waits until they are over. */
async function endSessions(names: string): Promise<void> {
  const { rows } = await ledger.pool.query<{ pid: number }>(
    "select pid, pg_terminate_backend(pid) from pg_stat_activity where application_name ~ $1 and datname = current_database()",
    [names],
  );
  expect(rows.length).toBeGreaterThan(0);
  for (;;) {
    const left = await ledger.pool.query("select from pg_stat_activity where pid = any($1)", [rows.map((r) => r.pid)]);
    if (left.rowCount === 0) return;
  }
}

const leaseColumns = async (runId: RunId) =>
  (await ledger.pool.query("select lease_backend, lease_server from runs where run_id = $1", [runId])).rows[0];

test("a lease whose process is gone ends soon; until then nobody takes its run", async () => {
  const { run, renew } = await claimed();
  await renew();
  expect(await ledger.storage.runs.reapExpired(SWEEP)).toEqual([]);
  expect(await isShort(run.id)).toBe(false);

  await endSessions("^doomed");

  expect(await ledger.storage.runs.reapExpired(SWEEP)).toEqual([]);
  expect(await isShort(run.id)).toBe(true);
  await ledger.pool.query("update runs set lease_expires_at = now() - interval '1 s' where run_id = $1", [run.id]);
  expect(await ledger.storage.runs.reapExpired(SWEEP)).toMatchObject([{ runId: run.id, outcome: "requeued" }]);
});

test("so does one that was never renewed", async () => {
  const { run } = await claimed();
  await endSessions("^doomed$");
  await ledger.storage.runs.reapExpired(SWEEP);
  expect(await isShort(run.id)).toBe(true);
});

test("the connection that a run was claimed through may go, once its lease was renewed through another one", async () => {
  const { run, renew } = await claimed();
  await renew();
  await endSessions("^doomed$");
  await ledger.storage.runs.reapExpired(SWEEP);
  expect(await isShort(run.id)).toBe(false);
});

test("a process that connects again gets its whole lease back, and keeps it", async () => {
  const { run, renew } = await claimed();
  await renew();
  await endSessions("^doomed");
  await ledger.storage.runs.reapExpired(SWEEP);

  // The first one may find out that its connection is gone.
  await renew().catch(renew);

  await ledger.storage.runs.reapExpired(SWEEP);
  expect(await isShort(run.id)).toBe(false);
});

test("what was renewed on a server that is not this one, or before it was restarted, is left to its lease", async () => {
  const { run } = await claimed();
  await ledger.pool.query("update runs set lease_server = lease_server - interval '1 s' where run_id = $1", [run.id]);
  await endSessions("^doomed$");
  await ledger.storage.runs.reapExpired(SWEEP);
  expect(await isShort(run.id)).toBe(false);
});

test("a session that is shared by a pooler is not taken for a process", async () => {
  const client = await process.pool.connect();
  await client.query("select set_config('graphfleet.backend', '', false)");
  client.release();
  const { run } = await claimed();
  expect(await leaseColumns(run.id)).toMatchObject({ lease_backend: null });
  await endSessions("^doomed$");
  await ledger.storage.runs.reapExpired(SWEEP);
  expect(await isShort(run.id)).toBe(false);
});

test("a run that waits again names no session", async () => {
  const { run } = await claimed();
  await process.storage.runs.giveBack(claimOf(run), { spent: true, lastEvent: -1 });
  expect(await leaseColumns(run.id)).toMatchObject({ lease_backend: null });
});
