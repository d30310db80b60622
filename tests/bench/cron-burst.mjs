// What a chat waits while many crons are due at once. Start it with `node tests/bench/cron-burst.mjs [crons]` after a
// build; it brings a private Postgres and Redis and starts a whole fleet. Results are kept in RESULTS.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomIds, systemAssistantId, WHOLE_HOUSE } from "../../packages/domain/dist/index.js";
import { startPostgres } from "../../packages/embedded/dist/index.js";
import { migrate, openPostgres } from "../../packages/postgres/dist/index.js";
import { openClient } from "./http-client.mjs";
import { writeCrons } from "./many-crons.mjs";
import { percentile } from "./stats.mjs";
import { startOurs } from "./targets/ours.mjs";

const CRONS = Number(process.argv[2] ?? 10_000);
/** Runs that execute at once, over two workers. */
const SLOTS = 20;
const CHAT_EVERY_MS = 200;
const QUIET_SECONDS = 20;

const folder = mkdtempSync(join(tmpdir(), "graphfleet-bench-"));
const server = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
const ledger = await openPostgres({ uri: server.uri, poolMax: 4, applicationName: "bench" });
await migrate({ pool: ledger.pool });
let stop = async () => {};
const target = await startOurs({
  slots: SLOTS,
  folder: join(folder, "fleet"),
  env: { DATABASE_URI: server.uri },
  onStarted: (stopping) => (stop = stopping),
});
const client = openClient(target.baseUrl, new AbortController().signal);
try {
  const before = await chatsUntil(Date.now() + QUIET_SECONDS * 1000);
  const slot = await plan();
  while (Date.now() < slot.getTime()) await sleep(10);
  const during = await chatsUntil(null);
  report({ before, during, ...(await facts()) });
} finally {
  await client.close();
  await stop();
  await ledger.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** One request after another, at most each 200 ms, until then, or until no cron's run waits any more. */
async function chatsUntil(deadline) {
  const waits = [];
  while (deadline === null ? await isBusy() : Date.now() < deadline) {
    const began = performance.now();
    await client.post("/runs/wait", { assistant_id: "echo", input: { messages: [{ role: "user", content: "hi" }] } });
    waits.push(performance.now() - began);
    await sleep(Math.max(0, CHAT_EVERY_MS - (performance.now() - began)));
  }
  return waits;
}

async function isBusy() {
  const { rows } = await ledger.pool.query(`
    select exists (select from crons where next_run_at is not null)
      or exists (select from runs where priority > 0 and status in ('pending', 'running')) as busy`);
  return rows[0].busy;
}

/** Crons with one single moment, which is far enough away to write them. */
async function plan() {
  const slot = new Date(Math.ceil((Date.now() + 30_000) / 1000) * 1000);
  const endTime = new Date(slot.getTime() + 3_600_000);
  const crons = { count: CRONS, slot, assistantId: systemAssistantId("echo"), schedule: "0 0 1 1 *", endTime };
  await writeCrons(ledger, { randomIds, WHOLE_HOUSE }, crons);
  return slot;
}

/** From the ledger, in seconds after the moment. */
async function facts() {
  const { rows } = await ledger.pool.query(`
    select count(*) as firings,
      count(distinct r.lease_owner) as owners,
      percentile_cont(array[0.5, 0.95, 1]) within group (order by extract(epoch from f.fired_at - f.scheduled_for)) as fired,
      percentile_cont(array[0.5, 0.95, 1]) within group (order by extract(epoch from r.started_at - f.scheduled_for)) as started,
      count(*) filter (where r.status = 'success') as succeeded
    from cron_firings f left join runs r on r.run_id = f.run_id`);
  return rows[0];
}

function report({ before, during, firings, succeeded, fired, started }) {
  const line = (waits) =>
    `p50 ${percentile(waits, 0.5).toFixed(0)} ms, p95 ${percentile(waits, 0.95).toFixed(0)} ms, ` +
    `max ${percentile(waits, 1).toFixed(0)} ms (${waits.length} chats)`;
  const seconds = (all) => all.map((one) => Number(one).toFixed(1)).join(" / ");
  console.log(`crons ${CRONS}, firings ${firings}, succeeded ${succeeded}`);
  console.log(`fired after its moment, p50 / p95 / last: ${seconds(fired)} s`);
  console.log(`run began after its moment, p50 / p95 / last: ${seconds(started)} s`);
  console.log(`chat alone:          ${line(before)}`);
  console.log(`chat during the burst: ${line(during)}`);
}
