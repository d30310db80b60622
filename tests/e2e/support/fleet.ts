import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Child } from "@graphfleet/cli";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import pg from "pg";

/**
 * A real fleet for tests: an API, workers and a scheduler as processes of their own, on a database and a Redis prefix
 * that belong to this fleet alone.
 */
export interface FleetOptions {
  /** langgraph.json to serve, relative to the repository. Default: the fixture graphs. */
  readonly config?: string;
  readonly workers?: number;
  readonly schedulers?: number;
  /** Extra environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const repositoryPath = (path: string): string => `${ROOT}${path}`;

const SCRIPTS = {
  api: repositoryPath("apps/api/dist/main.js"),
  worker: repositoryPath("apps/worker/dist/main.js"),
  scheduler: repositoryPath("apps/scheduler/dist/main.js"),
  migrate: repositoryPath("packages/postgres/dist/migrate-main.js"),
};

export class TestFleet {
  readonly url: string;
  readonly client: Client;
  readonly api: Child[] = [];
  readonly workers: Child[] = [];
  readonly schedulers: Child[] = [];
  /** The fleet's own database, for looking at the ledger. */
  readonly sql: pg.Pool;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #port: number;
  readonly #dropDatabase: () => Promise<void>;
  #said = "";

  private constructor(parts: {
    port: number;
    env: Readonly<Record<string, string | undefined>>;
    databaseUri: string;
    dropDatabase: () => Promise<void>;
  }) {
    this.#port = parts.port;
    this.#env = parts.env;
    this.#dropDatabase = parts.dropDatabase;
    this.url = `http://127.0.0.1:${parts.port}`;
    this.client = new Client({ apiUrl: this.url });
    this.sql = new pg.Pool({ connectionString: parts.databaseUri, max: 2 });
    this.sql.on("error", () => undefined);
  }

  static async start(options: FleetOptions = {}): Promise<TestFleet> {
    const redisUri = process.env.TEST_REDIS_URI;
    if (redisUri === undefined) throw new Error("this fleet needs a Redis; guard the suite with describeFleet");
    const database = await freshDatabase();
    const port = await freePort();
    const fleet = new TestFleet({
      port,
      databaseUri: database.uri,
      dropDatabase: database.drop,
      env: {
        ...process.env,
        NODE_OPTIONS: undefined,
        DATABASE_URI: database.uri,
        REDIS_URI: redisUri,
        REDIS_KEY_PREFIX: `e2e-${randomUUID()}:`,
        GRAPHFLEET_CONFIG: repositoryPath(options.config ?? "tests/graphs/langgraph.json"),
        OPS_PORT: "0",
        LOG_LEVEL: "info",
        ...options.env,
      },
    });
    try {
      await fleet.#migrate();
      await Promise.all([
        fleet.startApi(),
        ...Array.from({ length: options.workers ?? 2 }, () => fleet.startWorker()),
        ...Array.from({ length: options.schedulers ?? 1 }, () => fleet.startScheduler()),
      ]);
    } catch (error) {
      const said = fleet.said();
      await fleet.stop();
      throw new Error(`the fleet did not start:\n${said}`, { cause: error });
    }
    return fleet;
  }

  /** Everything that the processes logged so far. */
  said(): string {
    return this.#said;
  }

  async startApi(env: Readonly<Record<string, string>> = {}): Promise<Child> {
    return await this.#launch("api", this.api, { PORT: String(this.#port), HOST: "127.0.0.1", ...env });
  }

  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<Child> {
    return await this.#launch("worker", this.workers, env);
  }

  async startScheduler(env: Readonly<Record<string, string>> = {}): Promise<Child> {
    return await this.#launch("scheduler", this.schedulers, env);
  }

  /** The worker that executes a run now, by the ledger. */
  async workerOf(runId: string): Promise<Child> {
    const { rows } = await this.sql.query<{ lease_owner: string | null }>(
      "select lease_owner from runs where run_id = $1",
      [runId],
    );
    const owner = rows[0]?.lease_owner ?? "";
    const worker = this.workers.find(({ name }) => owner.startsWith(`${name}:`));
    if (worker === undefined) throw new Error(`no worker of this fleet holds run ${runId}; the ledger says "${owner}"`);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.api, ...this.workers, ...this.schedulers].map((child) => child.stop(15_000)));
    await this.sql.end();
    await this.#dropDatabase();
  }

  async #launch(
    kind: "api" | "worker" | "scheduler",
    list: Child[],
    extra: Readonly<Record<string, string>>,
  ): Promise<Child> {
    const name = `${kind}-${list.length + 1}`;
    const child = new Child({
      name,
      script: SCRIPTS[kind],
      env: { ...this.#env, GRAPHFLEET_SERVICE: name, ...extra },
      write: (text) => {
        this.#said += text;
      },
    });
    list.push(child);
    await child.ready;
    return child;
  }

  async #migrate(): Promise<void> {
    const child = new Child({
      name: "migrate",
      script: SCRIPTS.migrate,
      env: this.#env,
      write: (text) => {
        this.#said += text;
      },
    });
    const { code } = await child.exited;
    if (code !== 0) throw new Error("migrate failed");
  }
}

/** `describe` for suites that need separate processes; says loudly that it is skipped where there is no Redis. */
export function describeFleet(name: string, suite: () => void): void {
  if (process.env.TEST_REDIS_URI !== undefined) return describe(name, suite);
  process.stderr.write(`\n!! SKIPPED, no Redis on this machine: ${name}\n`);
  describe.skip(name, suite);
}

/** An empty database of its own on the tests' server. */
export async function freshDatabase(): Promise<{ uri: string; drop: () => Promise<void> }> {
  const server = process.env.TEST_DATABASE_URI;
  if (server === undefined) throw new Error("TEST_DATABASE_URI is not set; jest's global setup sets it");
  const name = `e2e_${randomUUID().replaceAll("-", "")}`;
  const run = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await run(`create database ${name}`);
  const uri = new URL(server);
  uri.pathname = `/${name}`;
  return { uri: uri.href, drop: () => run(`drop database if exists ${name} with (force)`) };
}
