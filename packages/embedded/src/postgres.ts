import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { postgresAccount } from "./account.js";
import { BARE_ENV } from "./commands.js";
import { EmbeddedError } from "./embedded-error.js";
import { lastLines, launch, type Launched } from "./launch.js";
import { bundledPostgres, runnableBinaries } from "./postgres-binaries.js";
import { ensureCluster, POSTGRES_USER } from "./postgres-cluster.js";
import { readPostmaster, type Postmaster } from "./postmaster.js";
import { isAlive, isPidTaken, isServerOf, stopProcess, type StopStep } from "./processes.js";
import { reachablePath, ServerFolder } from "./server-folder.js";

/*
 * A private Postgres, from first start to recovery.
 *
 * What can be found in the folder, and what is done about it:
 *   - nothing: make the cluster, start it;
 *   - a cluster at rest, or killed with its machine: start it, Postgres replays its log by itself;
 *   - a live launcher: refuse, somebody uses it;
 *   - a live server whose launcher is dead (kill -9): adopt it, it lost nothing;
 *   - a server on its way up or down: wait until it is one of the above;
 *   - a `postmaster.pid` whose pid now belongs to something else, or to a zombie: Postgres would refuse to start
 *     for ever, so the file is removed.
 */

export interface PostgresOptions {
  /** Where data, password and log live. Root may be given another place: see `RunningPostgres.dataDir`. */
  readonly dataDir: string;
  /** A fixed port; default: the port of the last start when free, else any free one. */
  readonly port?: number;
  /** For tests: much faster, and a power cut may destroy the data. A kill may not. */
  readonly ephemeral?: boolean;
  readonly log?: (line: string) => void;
}

export interface RunningPostgres {
  /** With user, password and database; the user is superuser of this private server. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  /** The folder really used: not the one asked for, when root's database user could not get there. */
  readonly dataDir: string;
  /** True when a server left behind by a killed launcher was taken over. */
  readonly adopted: boolean;
  /** Ends open sessions, writes a checkpoint, resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

const DATABASE = "graphfleet";
const MAX_CONNECTIONS = 200;
/** Recovery of a large write-ahead log may take long; a server that is still busy after this is reported, not killed. */
const READY_WITHIN_MS = 60_000;
const POLL_MS = 20;
/** How long sessions of a killed postmaster may take to notice that it is dead. */
const RETRY_FOR_MS = 15_000;
const RETRY_MS = 200;

const FAST_SHUTDOWN: readonly StopStep[] = [
  { signal: "SIGINT", waitMs: 30_000 },
  { signal: "SIGQUIT", waitMs: 10_000 },
  { signal: "SIGKILL", waitMs: 10_000 },
];

/** Starts, or adopts, the private Postgres of a folder. Rejects with an EmbeddedError that names the cause. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const folder = openFolder(options.dataDir);
  const log = options.log ?? (() => {});
  if (folder.path !== resolve(options.dataDir)) log(`Postgres keeps its data in ${folder.path}`);

  const release = folder.take();
  try {
    const native = runnableBinaries(bundledPostgres(), folder.account);
    const clusterDir = await ensureCluster(folder, native, options.ephemeral ?? false);
    const orphan = await settleOrphan(folder, clusterDir, options.port);
    const server = orphan ?? (await startServer(folder, native, clusterDir, options));
    log(`Postgres ${orphan === null ? "started" : "taken over from a killed start"} on 127.0.0.1:${server.port}`);
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

function openFolder(dataDir: string): ServerFolder {
  const path = reachablePath(dataDir, postgresAccount(join(dataDir, "data")));
  const folder = new ServerFolder(path, postgresAccount(join(path, "data")));
  folder.create();
  return folder;
}

function running(folder: ServerFolder, { pid, port }: Server, adopted: boolean, release: () => void): RunningPostgres {
  let stopped: Promise<void> | undefined;
  return {
    uri: uriOf(folder, port, DATABASE),
    port,
    pid,
    dataDir: folder.path,
    adopted,
    stop: () => (stopped ??= stopProcess(pid, FAST_SHUTDOWN).finally(release)),
  };
}

/** The server that a dead launcher left running; null when there is none (any more). */
async function settleOrphan(
  folder: ServerFolder,
  clusterDir: string,
  asked: number | undefined,
): Promise<Server | null> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const found = readPostmaster(clusterDir);
    if (found === null) return null;
    const { pid, port, ready } = found;
    if (!isAlive(pid) || !isServerOf(pid, clusterDir)) {
      // Postgres clears away the file of a free pid by itself, and checks for surviving sessions while it does.
      if (isPidTaken(pid)) rmSync(join(clusterDir, "postmaster.pid"), { force: true });
      return null;
    }

    const refusal = ready && port !== null ? await tryDatabase(folder, port) : "it is starting or stopping";
    if (refusal === null && port !== null) {
      if (asked === undefined || asked === port) return { pid, port };
      await stopProcess(pid, FAST_SHUTDOWN);
      return null;
    }
    if (refusal === WRONG_PASSWORD || Date.now() > deadline) throw notAnswering(folder, found, refusal ?? "");
    await delay(POLL_MS);
  }
}

const WRONG_PASSWORD = "it does not take the password of this folder";

/** Null when the server is ours and open; else why not. A server that is going down says so only when asked. */
async function tryDatabase(folder: ServerFolder, port: number): Promise<string | null> {
  try {
    await openDatabase(folder, port);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code?.startsWith("28") === true ? WRONG_PASSWORD : message;
  }
}

function notAnswering(folder: ServerFolder, { pid, port }: Postmaster, reason: string): EmbeddedError {
  return new EmbeddedError(
    `A Postgres server (process ${pid}, port ${port ?? "unknown"}) already runs on ${folder.path} but cannot be used (${reason}): stop it with \`kill -INT ${pid}\` and start again.`,
  );
}

/**
 * Starts the server on a port that it can have.
 *
 * Two refusals pass by themselves and are tried again: the port went to somebody else between our look and the
 * server's; and sessions of a killed postmaster have not noticed yet that it is dead.
 */
async function startServer(
  folder: ServerFolder,
  native: string,
  clusterDir: string,
  options: PostgresOptions,
): Promise<Server> {
  const logFile = folder.file("postgres.log");
  const deadline = Date.now() + RETRY_FOR_MS;
  for (;;) {
    const port = await folder.choosePort(options.port);
    const program = {
      command: join(native, "bin", "postgres"),
      args: serverArgs(clusterDir, port, options.ephemeral ?? false),
      env: BARE_ENV,
    };
    const server = await launch(program, folder.path, logFile, folder.account);
    if (await becameReady(server, clusterDir)) {
      await openDatabase(folder, port).catch(async (error: unknown) => {
        await stopProcess(server.pid, FAST_SHUTDOWN);
        throw error;
      });
      folder.write("port", String(port));
      return { pid: server.pid, port };
    }

    const said = lastLines(logFile, 20);
    const passing = /Address already in use|is still in use/.test(said);
    if (!passing || Date.now() > deadline)
      throw new EmbeddedError(`Postgres did not start: ${whyNot(said)} (${logFile})`);
    await delay(RETRY_MS);
  }
}

function serverArgs(clusterDir: string, port: number, ephemeral: boolean): string[] {
  const settings = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    // Socket paths are limited to about 100 characters; loopback needs none.
    "unix_socket_directories=",
    `max_connections=${MAX_CONNECTIONS}`,
    "timezone=UTC",
    "log_timezone=UTC",
    ...(ephemeral ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : []),
  ];
  return ["-D", clusterDir, ...settings.flatMap((setting) => ["-c", setting])];
}

/** True when it accepts sessions; false when it ended instead. */
async function becameReady(server: Launched, clusterDir: string): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (server.hasEnded()) return false;
    const found = readPostmaster(clusterDir);
    if (found?.pid === server.pid && found.ready) return true;
    if (Date.now() > deadline) {
      await stopProcess(server.pid, FAST_SHUTDOWN);
      throw new EmbeddedError(`Postgres was not ready within ${READY_WITHIN_MS / 1000} s and was stopped.`);
    }
    await delay(POLL_MS);
  }
}

/** Proves that the server takes our password, and makes our database on its first day. */
async function openDatabase(folder: ServerFolder, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: uriOf(folder, port, "postgres"), connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

function uriOf(folder: ServerFolder, port: number, database: string): string {
  return `postgres://${POSTGRES_USER}:${folder.password()}@127.0.0.1:${port}/${database}`;
}

function whyNot(said: string): string {
  const lines = said.split("\n");
  return lines.find((line) => /FATAL|PANIC|could not/.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
