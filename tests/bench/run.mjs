/**
 * The bench: load over plain HTTP and SSE, ours beside the official in-memory server.
 *
 * Both servers are started by the same call and measured in turn, scenario by
 * scenario, so that a noisy machine is noisy for both. `--help` lists the options.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { factsOf } from "./facts.mjs";
import { measure } from "./measure.mjs";
import { parseOptions, USAGE } from "./options.mjs";
import { markdownOf, textOf } from "./report.mjs";
import { allScenarios, pickScenarios } from "./scenarios/index.mjs";
import { startOfficial } from "./targets/official.mjs";
import { startOurs } from "./targets/ours.mjs";

const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));

/** @typedef {import("./targets/server-process.mjs").Target} Target */

async function main() {
  const args = process.argv.slice(2);
  const options = parseOptions(args, process.env.BASE_URL);
  if (options.help) return console.log(USAGE);
  const scenarios = pickScenarios(allScenarios(options), options.only);

  const folder = mkdtempSync(join(tmpdir(), "graphfleet-bench-"));
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  const stop = async () => {
    await Promise.all(stops.splice(0).map(async (stopServer) => stopServer()));
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  }

  try {
    const targets = await startTargets(options, folder, (stopServer) => stops.push(stopServer));
    const warmUp = pickScenarios(allScenarios({ quick: true }), ["wait-8", "stream-8"]);
    for (const target of targets) for (const scenario of warmUp) await measure(target, scenario);

    const results = [];
    for (const scenario of scenarios) results.push(await compare(scenario, targets, options.rounds));

    if (options.record) {
      writeFileSync(RESULTS, `${markdownOf(results, factsOf(args, options)).trimEnd()}\n\n${keptResults()}`);
      console.log("\nWritten to tests/bench/RESULTS.md");
    }
    if (results.some((result) => result.failed)) process.exitCode = 1;
  } finally {
    await stop();
  }
}

/** Results of the other benches stand below this line and are kept. */
const BY_HAND = "<!-- Below: written by hand, kept by --record. -->";

function keptResults() {
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "";
  const at = before.indexOf(BY_HAND);
  return at === -1 ? "" : before.slice(at);
}

/**
 * @param {import("./options.mjs").Options} options
 * @param {string} folder
 * @param {(stop: () => Promise<void>) => void} onStarted
 * @returns {Promise<Target[]>}
 */
async function startTargets({ baseUrl, ours, official, slots }, folder, onStarted) {
  /** @type {Target[]} */
  const targets = [];
  if (ours && baseUrl !== null) targets.push({ name: "ours", baseUrl, cpuMs: () => null });
  else if (ours) targets.push(await startOurs({ slots, folder: join(folder, "ours"), onStarted }));
  if (official) targets.push(await startOfficial({ slots, folder: join(folder, "official"), onStarted }));
  return targets;
}

/**
 * One scenario, all rounds. Every round swaps who goes first.
 * @param {import("./scenarios/scenario.mjs").Scenario} scenario
 * @param {Target[]} targets
 * @param {number} rounds
 */
async function compare(scenario, targets, rounds) {
  const result = {
    name: scenario.name,
    title: scenario.title,
    /** @type {import("./measure.mjs").Metrics[]} */ ours: [],
    /** @type {import("./measure.mjs").Metrics[]} */ official: [],
    failed: false,
  };
  /** @type {Set<string>} */
  const complaints = new Set();

  for (let round = 0; round < rounds; round += 1) {
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      const { metrics, errors } = await measure(target, scenario);
      result[target.name].push(metrics);
      for (const [message, count] of Object.entries(errors)) complaints.add(`${target.name}: ${count} x ${message}`);
      if (target.name === "ours" && metrics.errors !== 0) result.failed = true;
    }
  }

  console.log(`\n${textOf(result)}`);
  for (const complaint of complaints) console.log(`  ! ${complaint}`);
  return result;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
