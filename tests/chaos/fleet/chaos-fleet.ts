import { createWriteStream, type WriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "@graphfleet/cli";
import { freePort } from "@graphfleet/embedded";
import { type Balancer, openBalancer } from "@graphfleet/testkit";
import pg from "pg";
import { type Servers, startServers } from "./servers.js";
import { Slot } from "./slot.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export const KEY_PREFIX = "chaos:";
/** Enough for the kills of one schedule: a run that used them up would hide that it was lost. */
const MAX_ATTEMPTS = "20";
/** Short, so that a rolling restart gives runs back. */
const GRACE_SECONDS = "3";
/** Longer than the balancer needs to see that an API is stopping. */
const API_DELAY_SECONDS = "2";
/** Longer than the runs that clients wait for here. */
const API_GRACE_SECONDS = "20";
const TAPE_SECONDS = "60";

interface FleetParts {
  readonly servers: Servers;
  readonly balancer: Balancer;
  readonly ports: readonly number[];
  readonly log: WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Two APIs, three workers, two schedulers, on servers that can be broken. Clients see the APIs behind a balancer. Everything else is the default. */
export class ChaosFleet {
  readonly servers: Servers;
  /** Of the balancer in front of the APIs. */
  readonly url: string;
  readonly apis: readonly Slot[];
  readonly workers: readonly Slot[];
  readonly schedulers: readonly Slot[];
  /** The ledger, past the wire. */
  readonly sql: pg.Pool;
  readonly #balancer: Balancer;
  readonly #ports: readonly number[];
  readonly #log: WriteStream;

  private constructor({ servers, balancer, ports, log, env }: FleetParts) {
    this.servers = servers;
    this.#balancer = balancer;
    this.#ports = ports;
    this.#log = log;
    this.url = balancer.url;
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
      // The receiver of webhooks is here.
      WEBHOOK_ALLOWED_NETWORKS: "127.0.0.0/8",
      API_SHUTDOWN_DELAY_SECS: API_DELAY_SECONDS,
      API_SHUTDOWN_GRACE_PERIOD_SECS: API_GRACE_SECONDS,
    };
    try {
      await migrate(env, log);
    } catch (error) {
      await servers.close();
      throw error;
    }
    const ports = [await freePort(), await freePort()];
    const balancer = await openBalancer(ports.map(addressOf));
    const fleet = new ChaosFleet({ servers, balancer, ports, log, env });
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

  /** Waits, not for ever, until every API serves and reaches what it needs: a deploy is not begun in the middle of an outage. */
  async calm(withinMs: number): Promise<void> {
    const until = Date.now() + withinMs;
    const isCalm = async (port: number): Promise<boolean> =>
      await fetch(`${addressOf(port)}/ok?check_db=1`, { signal: AbortSignal.timeout(2_000) }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.ok;
        },
        () => false,
      );
    while (Date.now() < until && (await Promise.all(this.#ports.map(isCalm))).includes(false)) await sleep(200);
  }

  async stop(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.stop()));
    await this.#balancer.close();
    await this.sql.end();
    await this.servers.close();
    this.#log.end();
  }
}

const addressOf = (port: number): string => `http://127.0.0.1:${port}`;

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
