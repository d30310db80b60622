import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "@graphfleet/embedded";
import { repositoryPath } from "../../../e2e/support/fleet.js";
import { eventually } from "../../../e2e/support/wait.js";

const SERVER = repositoryPath("tests/bench/targets/official-server.mjs");

export interface OfficialServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the official in-memory server with the graphs of a langgraph.json. It keeps its data in a folder that goes with it. */
export async function startOfficial(config: string): Promise<OfficialServer> {
  const path = repositoryPath(config);
  const { graphs } = JSON.parse(await readFile(path, "utf8")) as { graphs: Record<string, string> };
  const absolute = Object.entries(graphs).map(([id, spec]) => [id, join(dirname(path), spec)]);
  const port = await freePort();
  const cwd = await mkdtemp(join(tmpdir(), "official-"));
  const options = { port, host: "127.0.0.1", nWorkers: 4, cwd, graphs: Object.fromEntries(absolute) as object };
  const child = spawn(process.execPath, [SERVER, JSON.stringify(options)], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...withoutTracing(process.env), NODE_ENV: "production", LOG_JSON: "true" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));

  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await ended(child);
    await rm(cwd, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually(() => isUp(url, child), Boolean, { withinMs: 60_000, everyMs: 100 });
  } catch (error) {
    await stop();
    throw new Error(`the official server did not start:\n${said}`, { cause: error });
  }
  return { url, stop };
}

async function isUp(url: string, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  return await fetch(`${url}/ok`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** It writes its data down at SIGTERM, and may take long about it. */
async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  const giveUp = setTimeout(() => child.kill("SIGKILL"), 5_000);
  child.kill("SIGTERM");
  await exit;
  clearTimeout(giveUp);
}

const withoutTracing = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(LANGSMITH_|LANGCHAIN_|LANGGRAPH_|NODE_OPTIONS$)/.test(name)),
  );
