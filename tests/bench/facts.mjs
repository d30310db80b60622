import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, totalmem, type } from "node:os";

/**
 * What a reader needs to know to judge the numbers, and to repeat them.
 * @param {readonly string[]} args
 * @param {{ baseUrl: string | null, ours: boolean, official: boolean, rounds: number, slots: number }} options
 * @returns {Record<string, string>}
 */
export function factsOf(args, { baseUrl, ours, official, rounds, slots }) {
  const cores = cpus();
  const started = baseUrl === null ? "1 API, 2 workers, 1 scheduler, private Postgres and Redis" : "running elsewhere";
  return {
    Date: new Date().toISOString().slice(0, 10),
    Commit: commit(),
    Machine: `${cores.length} x ${cores[0]?.model ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${process.arch}`,
    Node: process.version,
    Command: `node tests/bench/run.mjs ${args.join(" ")}`.trim(),
    "Rounds per scenario": String(rounds),
    "Runs at once, each server": String(slots),
    ...(ours ? { Ours: started } : {}),
    ...(official ? { Official: `@langchain/langgraph-api ${officialVersion()}, in memory, one process` } : {}),
  };
}

/** @returns {string} */
const officialVersion = () => createRequire(import.meta.url)("@langchain/langgraph-api/package.json").version;

function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) => execFileSync("git", args, { encoding: "utf8" }).trim();
    const dirty = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : ", with local changes";
    return `${git("rev-parse", "--short", "HEAD")}${dirty}`;
  } catch {
    return "unknown";
  }
}
