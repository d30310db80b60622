import { createWriteStream, type WriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { Child } from "@graphfleet/cli";
import { freePort } from "@graphfleet/embedded";
import pg from "pg";
import { type Servers, startServers } from "./servers.js";
import { Slot } from "./slot.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export const KEY_PREFIX = "chaos:";
/** Enough for the kills of one schedule: a run that used them up would hide that it was lost. */
const MAX_ATTEMPTS = "20";
/** Short, so that a rolling restart gives runs back. */
const GRACE_SECONDS = "3";
const TAPE_SECONDS = "60";

/** Two APIs, three workers, two schedulers, on servers that can be broken. Everything else is the default. */
export class ChaosFleet {
  readonly servers: Servers;
  readonly urls: readonly string[];
  readonly apis: readonly Slot[];
  readonly workers: readonly Slot[];
  readonly schedulers: readonly Slot[];
  /** The ledger, past the wire. */
  readonly sql: pg.Pool;
  readonly #log: WriteStream;

  private constructor(servers: Servers, ports: readonly number[], log: WriteStream, env: NodeJS.ProcessEnv) {
    this.servers = servers;
    this.#log = log;
    this.urls = ports.map((port) => `http://127.0.0.1:${port}`);
    this.sql = new pg.Pool({ connectionString: servers.directUri, max: 3, application_name: "chaos" });
    this.sql.on("error", () => undefined);
    const slot = (name: string, app: string, extra: NodeJS.ProcessEnv = {}) =>
      new Slot({
        name,
        script: `${ROOT}apps/${app}/dist/main.js`,
        env: { ...env, OPS_PORT: "0", ...extra },
        write: (text) => void log.write(text),
      });
    this.apis = ports.map((port, i) => slot(`api-${i + 1}`, "api", { PORT: String(port), HOST: "127.0.0.1" }));
    this.workers = [1, 2, 3].map((i) => slot(`worker-${i}`, "worker"));
    this.schedulers = [1, 2].map((i) => slot(`scheduler-${i}`, "scheduler"));
  }

  /** @param logPath where everything goes that the processes say. */
  static async start(logPath: string): Promise<ChaosFleet> {
    const servers = await startServers();
    const log = createWriteStream(logPath);
    const { PATH, HOME, XDG_CACHE_HOME } = process.env;
    const env = {
      PATH,
      HOME,
      XDG_CACHE_HOME,
      DATABASE_URI: servers.postgresWire.uri,
      REDIS_URI: servers.redisWire.uri,
      REDIS_KEY_PREFIX: KEY_PREFIX,
      GRAPHFLEET_CONFIG: `${ROOT}tests/graphs/langgraph.json`,
      BG_JOB_MAX_RETRIES: MAX_ATTEMPTS,
      BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: GRACE_SECONDS,
      RESUMABLE_STREAM_TTL_SECONDS: TAPE_SECONDS,
    };
    try {
      await migrate(env, log);
    } catch (error) {
      await servers.close();
      throw error;
    }
    const fleet = new ChaosFleet(servers, [await freePort(), await freePort()], log, env);
    try {
      await fleet.ready();
    } catch (error) {
      await fleet.stop();
      throw new Error(`the fleet did not start; see ${logPath}`, { cause: error });
    }
    return fleet;
  }

  get slots(): readonly Slot[] {
    return [...this.apis, ...this.workers, ...this.schedulers];
  }

  async ready(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.ready));
  }

  async stop(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.stop()));
    await this.sql.end();
    await this.servers.close();
    this.#log.end();
  }
}

async function migrate(env: NodeJS.ProcessEnv, log: WriteStream): Promise<void> {
  const child = new Child({
    name: "migrate",
    script: `${ROOT}packages/postgres/dist/migrate-main.js`,
    env,
    write: (text) => void log.write(text),
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error("the database could not be migrated");
}
