import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { treeCpuMs, treePids } from "../process-cpu.mjs";

const POLL_MS = 100;
const STOP_SECONDS = 30;

/**
 * A server under measurement.
 *
 * @typedef {object} Target
 * @property {"ours" | "official"} name
 * @property {string} baseUrl
 * @property {() => number | null} cpuMs CPU used so far by all its processes; null where unknown
 */

/**
 * @typedef {object} StartOptions
 * @property {number} slots runs it may execute at once
 * @property {string} folder
 * @property {(stop: () => Promise<void>) => void} onStarted
 */

/**
 * Starts a server with its own folder, and resolves when it answers `/ok`.
 *
 * @param {object} server
 * @param {"ours" | "official"} server.name
 * @param {number} server.port
 * @param {string[]} server.args of Node
 * @param {Record<string, string>} server.env added to a cleaned environment
 * @param {string} server.folder its working folder, made here and removed at stop; the log lies in it
 * @param {number} server.readySeconds
 * @param {(stop: () => Promise<void>) => void} server.onStarted gets the way to stop it before it is ready
 * @returns {Promise<Target>}
 * @throws {Error} with the end of its log, when it exits or is not ready in time
 */
export async function startServer({ name, port, args, env, folder, readySeconds, onStarted }) {
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, "server.log");
  const log = openSync(logFile, "w");
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // A group of its own: Ctrl-C reaches only the bench, which then stops its servers in order.
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...cleanEnv(process.env), ...env },
  });
  closeSync(log);

  /** @type {string | null} */
  let ended = null;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `it exited with ${signal ?? code}`));

  const pid = child.pid;
  onStarted(async () => {
    if (pid !== undefined && ended === null) await stopTree(pid, folder, () => ended !== null);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const baseUrl = `http://127.0.0.1:${port}`;
  const giveUpAt = performance.now() + readySeconds * 1000;
  while (!(await answersOk(baseUrl))) {
    const late = performance.now() > giveUpAt ? `it did not answer /ok in ${readySeconds} s` : null;
    const reason = ended ?? late;
    if (reason !== null) throw new Error(`The ${name} server did not start: ${reason}\n${lastLines(logFile)}`);
    await sleep(POLL_MS);
  }

  return { name, baseUrl, cpuMs: () => (pid === undefined ? null : treeCpuMs(pid, folder)) };
}

/** @param {string} logFile */
const lastLines = (logFile) => readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-20).join("\n");

/** Tracing and npm's own variables would measure something else. @param {NodeJS.ProcessEnv} env */
function cleanEnv(env) {
  const foreign = /^(LANGSMITH_|LANGCHAIN_|LANGGRAPH_|GRAPHFLEET_|npm_|DATABASE_URI$|REDIS_URI$|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}

/** @param {string} baseUrl */
async function answersOk(baseUrl) {
  try {
    const { statusCode, body } = await request(`${baseUrl}/ok`, { headersTimeout: 2_000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/**
 * Asks the server to stop, and kills what is left of it after a while.
 * @param {number} pid
 * @param {string} folder
 * @param {() => boolean} hasEnded
 */
async function stopTree(pid, folder, hasEnded) {
  const pids = treePids(pid, folder);
  kill(pid, "SIGTERM");
  const giveUpAt = performance.now() + STOP_SECONDS * 1000;
  while (!hasEnded() && performance.now() < giveUpAt) await sleep(POLL_MS);
  if (!hasEnded()) for (const each of new Set([...pids, ...treePids(pid, folder)])) kill(each, "SIGKILL");
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
