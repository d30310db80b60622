import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { check } from "./check/check.js";
import { ChaosFleet } from "./fleet/chaos-fleet.js";
import { inject } from "./fleet/inject.js";
import { connectionsOf, inflightOf, readFacts, undeliveredOf } from "./fleet/read-facts.js";
import { History } from "./history.js";
import { Http } from "./load/http.js";
import { ChaosClient, makeLoad } from "./load/actors.js";
import { openReceiver, type Receiver } from "./load/receiver.js";
import { type ChaosOptions, parseOptions, USAGE } from "./options.js";
import { isFaultName, planOf } from "./plan.js";
import { Random } from "./random.js";
import { reportOf } from "./report.js";

// Breaks a whole fleet for some minutes while clients use it, heals it, and checks that nothing was lost.

const RESULTS = fileURLToPath(new URL("../RESULTS.md", import.meta.url));
/** Longest wait for clients to finish and for the last run to end, after everything works again. */
const QUIET_WITHIN_MS = 150_000;
/** How long a deploy waits for the outage before it to be over. */
const CALM_WITHIN_MS = 30_000;
/** Idle connections are closed by their pools after some seconds. */
const CONNECTIONS_WITHIN_MS = 30_000;

async function main(): Promise<number> {
  let options: ChaosOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-chaos-history-"));
  mkdirSync(folder, { recursive: true });
  const history = new History(join(folder, "history.jsonl"));
  console.log(`chaos: seed ${options.seed}, ${options.minutes} minutes; history and logs in ${folder}`);

  const fleet = await ChaosFleet.start(join(folder, "fleet.log"));
  const receiver = await openReceiver(history);
  const onSignal = (): void => void fleet.stop().finally(() => process.exit(130));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    return await breakAndCheck(options, fleet, history, receiver);
  } finally {
    await receiver.close();
    await fleet.stop();
    await history.close();
  }
}

async function breakAndCheck(
  options: ChaosOptions,
  fleet: ChaosFleet,
  history: History,
  receiver: Receiver,
): Promise<number> {
  const until = Date.now() + options.minutes * 60_000;
  let breaking = true;
  let healedAt = Infinity;
  const going = (): boolean => Date.now() < healedAt + QUIET_WITHIN_MS;
  const load = makeLoad({
    url: fleet.url,
    hookUrl: receiver.url,
    history,
    seed: options.seed,
    working: () => breaking,
    going,
  });
  // It is awaited below; until then its failure must not end the process.
  load.catch(() => undefined);
  await sleep(3_000);
  const connectionsBefore = await connectionsOf(fleet);

  for (const fault of planOf(options.seed, options.only.filter(isFaultName))) {
    await sleep(fault.afterMs);
    if (Date.now() > until) break;
    if (fault.name === "roll apis") await fleet.calm(CALM_WITHIN_MS);
    const began = Date.now();
    const victim = await inject({ fleet, history, block: (ms) => block(fleet, history, ms) }, fault);
    history.add({ kind: "fault", name: fault.name, until: Date.now(), victim }, began);
    const inflight = await inflightOf(fleet).catch(() => -1);
    console.log(
      `chaos: ${fault.name} (${victim}), ${Math.round((Date.now() - began) / 1000)} s; ${inflight} in flight`,
    );
  }

  breaking = false;
  fleet.servers.postgresWire.heal();
  fleet.servers.redisWire.heal();
  healedAt = Date.now();
  await load;
  const quietAfterMs = await quiet(fleet, healedAt);
  await settled(fleet, connectionsBefore);

  const facts = await readFacts(fleet, connectionsBefore);
  const violations = check(history.events, facts);
  const report = reportOf({ seed: options.seed, minutes: options.minutes, history, facts, violations, quietAfterMs });
  console.log(`\n${report}`);
  if (options.record)
    writeFileSync(RESULTS, `# What chaos found\n\nMade by \`npm run chaos -- --record\`.\n\n${report}`);
  return violations.length === 0 ? 0 : 1;
}

/** Runs and webhooks. */
const busyWith = async (fleet: ChaosFleet): Promise<number> => (await inflightOf(fleet)) + (await undeliveredOf(fleet));

/** Waits, not for ever, until nothing is in flight. @returns how long that took. */
async function quiet(fleet: ChaosFleet, since: number): Promise<number> {
  while (Date.now() < since + QUIET_WITHIN_MS && (await busyWith(fleet)) > 0) await sleep(250);
  return Date.now() - since;
}

async function settled(fleet: ChaosFleet, connections: number): Promise<void> {
  const until = Date.now() + CONNECTIONS_WITHIN_MS;
  while (Date.now() < until && (await connectionsOf(fleet)) > connections) await sleep(500);
}

/** A run whose graph blocks the event loop of whichever worker takes it. */
async function block(fleet: ChaosFleet, history: History, ms: number): Promise<void> {
  const client = new ChaosClient({
    name: "blocker",
    url: fleet.url,
    hookUrl: "",
    history,
    random: new Random(0),
    working: () => true,
    going: () => true,
  });
  const thread = await client.thread();
  const mark = `blocked for ${ms} ms`;
  const http = new Http(fleet.url, history);
  const body = { assistant_id: "blocker", input: { ms } };
  try {
    const { body: run } = await http.once("POST", `/threads/${thread}/runs`, body);
    client.acknowledge((run as { run_id: string }).run_id, thread, mark, { steps: 0, ms });
  } catch (error) {
    client.unsure(thread, mark, error);
  }
  await sleep(ms);
}

process.exitCode = await main();
