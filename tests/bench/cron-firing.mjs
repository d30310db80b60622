// How long it takes to fire many crons that are due at once: from the first claim until every run is in the ledger and rung
// for. Start it with `node tests/bench/cron-firing.mjs [crons] [folder of another build to compare with]` after a build; it
// brings a private Postgres. Builds take turns, so that they share what else the machine does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { writeCrons } from "./many-crons.mjs";

const HERE = fileURLToPath(new URL("../..", import.meta.url));
const CRONS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 3;

const at = (folder, part) => import(pathToFileURL(resolve(folder, "packages", part, "dist/index.js")).href);
const { startPostgres } = await at(HERE, "embedded");
const folder = mkdtempSync(join(tmpdir(), "graphfleet-bench-"));
const server = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
const builds = [];
try {
  for (const build of process.argv[3] === undefined ? [HERE] : [resolve(process.argv[3]), HERE]) {
    const { makeFireCrons, ...domain } = await at(build, "domain");
    const { migrate, openPostgres } = await at(build, "postgres");
    const ledger = await openPostgres({ uri: server.uri, poolMax: 3, applicationName: "bench" });
    // The older build first: a newer schema serves it too.
    await migrate({ pool: ledger.pool });
    builds.push({ build, ledger, domain, makeFireCrons, took: [] });
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const one of builds) {
      one.took.push(await fireAll(one));
      console.log(`${one.build}: ${one.took.at(-1).toFixed(1)} s`);
    }
  for (const { build, took } of builds) {
    const median = took.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
    console.log(`${build}: ${CRONS} crons in ${median.toFixed(1)} s (median of ${ROUNDS})`);
  }
} finally {
  for (const { ledger } of builds) await ledger.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** @returns seconds */
async function fireAll({ ledger, domain, makeFireCrons }) {
  await ledger.pool.query("truncate crons, cron_firings, runs, threads");
  await plan(ledger, domain);
  let rings = 0;
  const fireCrons = makeFireCrons({
    storage: ledger.storage,
    authorizer: domain.allowAll,
    signals: { announce: async (changes) => void (rings += changes.rings.length) },
    ids: domain.randomIds,
    log: { debug() {}, info() {}, warn: console.warn, error: console.error },
    observe() {},
  });
  const began = performance.now();
  while ((await fireCrons(1000)) > 0);
  const took = (performance.now() - began) / 1000;
  if (rings !== CRONS) throw new Error(`${rings} rings for ${CRONS} crons`);
  return took;
}

async function plan(ledger, domain) {
  const assistant = await ledger.storage.assistants.insert({
    id: domain.randomIds.assistant(),
    graphId: "echo",
    name: "echo",
    description: null,
    config: {},
    context: {},
    metadata: {},
  });
  const slot = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const crons = { count: CRONS, slot, assistantId: assistant.id, schedule: "0 9 * * *", timezone: "Europe/Berlin" };
  await writeCrons(ledger, domain, crons);
}
