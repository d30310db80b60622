/**
 * Memory over many short runs: waits, streams and background runs, on threads and without. After each 2,000 runs every
 * process collects its garbage and says what is left. `--help` lists the options.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openClient } from "./http-client.mjs";
import { load } from "./load.mjs";
import { markdownOfSoak, verdictOf } from "./soak-report.mjs";
import { startOurs } from "./targets/ours.mjs";

const USAGE = `Runs many short runs and records the memory of api, workers and scheduler.

  node tests/bench/soak.mjs [options]      (build first)

  --runs N      default 20000
  --every N     runs between two looks, default 2000; the first look is the warm-up
  --record      write the result to tests/bench/SOAK.md
  --help        this text
`;

const RESULTS = fileURLToPath(new URL("SOAK.md", import.meta.url));
const GAUGE = new URL("soak-gauge.mjs", import.meta.url).href;
const CONCURRENCY = 16;
const SETTLE_MS = 3_000;
const HOURS_MAX = 3;
/** One thread is used by this many runs, so that histories grow as they do in a chat. */
const RUNS_PER_THREAD = 5;

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "20000" },
      every: { type: "string", default: "2000" },
      record: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const runs = Number(values.runs);
  const every = Number(values.every);
  if (!(runs > 0 && every > 0)) throw new Error("--runs and --every are whole numbers above 0");

  const folder = mkdtempSync(join(tmpdir(), "graphfleet-soak-"));
  const file = join(folder, "memory.jsonl");
  writeFileSync(file, "");
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
    const target = await startOurs({
      slots: 20,
      folder: join(folder, "ours"),
      onStarted: (stopServer) => stops.push(stopServer),
      env: { NODE_OPTIONS: `--import ${GAUGE}`, SOAK_FILE: file, RESUMABLE_STREAM_TTL_SECONDS: "10" },
    });
    const client = openClient(target.baseUrl, AbortSignal.timeout(HOURS_MAX * 3_600_000));
    const startedAt = performance.now();
    /** @type {import("./soak-report.mjs").Look[]} */
    const looks = [];
    for (let done = 0; done < runs; done += every) {
      const { errors } = await load(
        { count: every, concurrency: CONCURRENCY, stopAt: Number.POSITIVE_INFINITY },
        async (index) => oneRun(client, done + index),
      );
      for (const [message, count] of Object.entries(errors)) console.log(`  ! ${count} x ${message}`);
      await untilIdle(client);
      await sleep(SETTLE_MS);
      const look = { runs: done + every, processes: await memoryOf(file) };
      looks.push(look);
      console.log(JSON.stringify(look));
    }
    await client.close();

    const seconds = (performance.now() - startedAt) / 1000;
    const text = markdownOfSoak(looks, { seconds });
    console.log(text);
    if (values.record) writeFileSync(RESULTS, text);
    if (!verdictOf(looks).every(({ flat }) => flat)) process.exitCode = 1;
  } finally {
    await stop();
  }
}

/** @type {string[]} */
const threads = [];

/** Five kinds of run in turn. @param {import("./http-client.mjs").Client} client @param {number} index */
async function oneRun(client, index) {
  const body = { assistant_id: "echo", input: { messages: [{ role: "user", content: `hello ${index}` }] } };
  const kind = index % 5;
  if (kind === 0) return void (await client.post("/runs/wait", body));
  if (kind === 1) return client.stream("/runs/stream", { ...body, stream_mode: ["values", "messages"] }, () => {});
  if (kind === 2) return void (await client.post("/runs", body));

  const path = `/threads/${await threadFor(client, index)}/runs`;
  if (kind === 3) return client.stream(`${path}/stream`, { ...body, stream_resumable: true }, () => {});
  return void (await client.post(path, { ...body, multitask_strategy: "enqueue" }));
}

/** @param {import("./http-client.mjs").Client} client @param {number} index @returns {Promise<string>} */
async function threadFor(client, index) {
  const slot = Math.floor(index / (RUNS_PER_THREAD * 5));
  const known = threads[slot];
  if (known !== undefined) return known;
  const { thread_id: made } = await client.post("/threads", {});
  threads[slot] ??= made;
  return threads[slot] ?? made;
}

/** Background runs are answered before they ran. @param {import("./http-client.mjs").Client} client */
async function untilIdle(client) {
  for (;;) {
    const { n_pending: pending, n_running: running } = await counts(client);
    if (pending === 0 && running === 0) return;
    await sleep(500);
  }
}

/** @param {import("./http-client.mjs").Client} client */
async function counts(client) {
  const page = await client.text("/metrics");
  /** @param {string} name */
  const gauge = (name) => Number(new RegExp(`^\\S*${name}(?:{[^}]*})? (\\S+)$`, "m").exec(page)?.[1] ?? "NaN");
  return { n_pending: gauge("num_pending_runs"), n_running: gauge("num_running_runs") };
}

/** Asks every process, and waits until all have answered. @param {string} file */
async function memoryOf(file) {
  const lines = () =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const before = lines();
  const pids = [...new Set(before.filter(({ started }) => started).map(({ pid }) => /** @type {number} */ (pid)))];
  const alive = pids.filter((pid) => signal(pid));
  for (;;) {
    const told = lines().slice(before.length);
    if (alive.every((pid) => told.some((line) => line.pid === pid))) return told;
    await sleep(200);
  }
}

/** @param {number} pid */
function signal(pid) {
  try {
    return process.kill(pid, "SIGUSR2");
  } catch {
    return false;
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
