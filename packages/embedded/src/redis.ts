import { setTimeout as delay } from "node:timers/promises";
import { resolve } from "node:path";

import { ownerAccount } from "./account.js";
import { EmbeddedError } from "./embedded-error.js";
import { lastLines, launch, type Launched, type Program } from "./launch.js";
import { isAlive, isServerOf, stopProcess, type StopStep } from "./processes.js";
import { findRedis } from "./redis-program.js";
import { askRedis } from "./redis-probe.js";
import { ServerFolder } from "./server-folder.js";

export interface RedisOptions {
  readonly dataDir: string;
  /** See `findRedis`. */
  readonly cacheDir: string;
  /** A fixed port; default: the port of the last start when free, else any free one. */
  readonly port?: number;
  /** For tests: nothing is written to disk. */
  readonly ephemeral?: boolean;
  readonly log?: (line: string) => void;
}

export interface RunningRedis {
  /** With password. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  /** True when a server left behind by a killed launcher was taken over. */
  readonly adopted: boolean;
  /** Writes what is in memory, resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
/** A server that is there and says nothing for so long is hung. */
const SILENT_FOR_MS = 10_000;
const RETRY_FOR_MS = 5_000;
const POLL_MS = 20;

const SHUTDOWN: readonly StopStep[] = [
  { signal: "SIGTERM", waitMs: 15_000 },
  { signal: "SIGKILL", waitMs: 10_000 },
];

/**
 * Starts, or adopts, the private Redis of a folder. Null when this machine has no Redis to start (see `findRedis`).
 * Rejects with an EmbeddedError that names the cause when it has one that does not start.
 *
 * A server whose launcher was killed answers on the remembered port with the folder's password: it is taken over.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis | null> {
  const log = options.log ?? (() => {});
  const program = await findRedis({ cacheDir: options.cacheDir, log });
  if (program === null) return null;

  const path = resolve(options.dataDir);
  const folder = new ServerFolder(path, ownerAccount(path));
  folder.create();

  const release = folder.take();
  try {
    const orphan = await settleOrphan(folder, options.port);
    const server = orphan ?? (await startServer(folder, program, options));
    log(`Redis ${orphan === null ? "started" : "taken over from a killed start"} on 127.0.0.1:${server.port}`);
    return running(folder, server, orphan !== null, release);
  } catch (error) {
    release();
    throw error;
  }
}

interface Server {
  readonly pid: number;
  readonly port: number;
}

function running(folder: ServerFolder, { pid, port }: Server, adopted: boolean, release: () => void): RunningRedis {
  let stopped: Promise<void> | undefined;
  return {
    uri: `redis://:${folder.password()}@127.0.0.1:${port}`,
    port,
    pid,
    adopted,
    stop: () => (stopped ??= stopProcess(pid, SHUTDOWN).finally(release)),
  };
}

/** The server that a dead launcher left running; null when there is none. */
async function settleOrphan(folder: ServerFolder, asked: number | undefined): Promise<Server | null> {
  const port = Number(folder.read("port") ?? 0);
  const pid = Number(folder.read("redis.pid") ?? 0);
  const isHere = pid > 0 && isAlive(pid) && isServerOf(pid, folder.path);
  if (port === 0) return null;

  const begun = Date.now();
  for (;;) {
    const answer = await askRedis(port, folder.password());
    if (answer.kind === "reply") {
      const server = { pid: pidIn(answer.text), port };
      if (asked === undefined || asked === port) return server;
      await stopProcess(server.pid, SHUTDOWN);
      return null;
    }
    if (answer.kind === "stranger" && !isHere) return null;
    if (answer.kind === "silent" && !(isHere && isAlive(pid))) return null;
    const patienceMs = { loading: READY_WITHIN_MS, silent: SILENT_FOR_MS, stranger: 0 }[answer.kind];
    if (Date.now() - begun >= patienceMs) throw notAnswering(folder, pid, port);
    await delay(POLL_MS);
  }
}

function notAnswering(folder: ServerFolder, pid: number, port: number): EmbeddedError {
  return new EmbeddedError(
    `A Redis server (process ${pid}) already works in ${folder.path} but does not answer on port ${port}: stop it with \`kill ${pid}\` and start again.`,
  );
}

async function startServer(folder: ServerFolder, program: Program, options: RedisOptions): Promise<Server> {
  const logFile = folder.file("redis.log");
  const deadline = Date.now() + RETRY_FOR_MS;
  for (;;) {
    const port = await folder.choosePort(options.port);
    folder.write("redis.conf", configOf(port, folder.password(), options.ephemeral ?? false));
    folder.write("port", String(port));

    const server = await launch({ ...program, args: ["redis.conf"] }, folder.path, logFile, folder.account);
    if (await becameReady(server, port, folder.password())) return { pid: server.pid, port };

    // Between our look at the port and the server's, somebody else may have taken it.
    const said = lastLines(logFile, 20);
    const passing = said.includes("Address already in use");
    if (!passing || Date.now() > deadline) throw new EmbeddedError(`Redis did not start: ${whyNot(said)} (${logFile})`);
  }
}

/** Paths are relative to the folder, which needs no quoting; the password stays off the command line. */
export function configOf(port: number, password: string, ephemeral: boolean): string {
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    "daemonize no",
    "pidfile redis.pid",
    "dir .",
    "maxmemory-policy noeviction",
    'save ""',
    ...(ephemeral ? ["appendonly no"] : ["appendonly yes", "appendfsync everysec"]),
  ].join("\n");
}

async function becameReady(server: Launched, port: number, password: string): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (server.hasEnded()) return false;
    const answer = await askRedis(port, password);
    if (answer.kind === "reply" && pidIn(answer.text) === server.pid) return true;
    if (Date.now() > deadline) {
      await stopProcess(server.pid, SHUTDOWN);
      throw new EmbeddedError(`Redis was not ready within ${READY_WITHIN_MS / 1000} s and was stopped.`);
    }
    await delay(POLL_MS);
  }
}

const pidIn = (info: string) => Number(/process_id:(\d+)/.exec(info)?.[1]);

function whyNot(said: string): string {
  const lines = said.split("\n");
  return lines.find((line) => /FATAL|Could not|can't|error/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
