import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import { freshDatabase, repositoryPath } from "./fleet.js";
import { eventually } from "./wait.js";

export interface ServedOptions {
  /** Without it, everything is in one process. */
  readonly redisUri?: string;
  /** What the project puts its paths under. */
  readonly prefix?: string;
  /** Its way to the database, from the URI of the database itself. */
  readonly wire?: (databaseUri: string) => Promise<string>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A project, served by `graphfleet start` on a database of its own. */
export class Served {
  readonly url: string;
  readonly client: Client;
  readonly #child: ChildProcess;
  readonly #drop: () => Promise<void>;
  said = "";

  private constructor(child: ChildProcess, url: string, drop: () => Promise<void>) {
    this.#child = child;
    this.#drop = drop;
    this.url = url;
    this.client = new Client({ apiUrl: this.url });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
  }

  static async start(config: string, dataDir: string, options: ServedOptions = {}): Promise<Served> {
    const { redisUri, prefix = "", wire = async (uri) => uri, env = {} } = options;
    const [database, port] = [await freshDatabase(), await freePort()];
    const place = ["--config", config, "--data-dir", dataDir, "--port", String(port)];
    const args = ["start", ...(redisUri === undefined ? ["--one-process"] : ["--workers", "1"]), ...place];
    const child = spawn(process.execPath, [repositoryPath("packages/cli/dist/main.js"), ...args], {
      env: {
        ...process.env,
        NODE_OPTIONS: undefined,
        DATABASE_URI: await wire(database.uri),
        REDIS_URI: redisUri,
        REDIS_KEY_PREFIX: `e2e-${randomUUID()}:`,
        LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS: "100000",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const served = new Served(child, `http://127.0.0.1:${port}${prefix}`, database.drop);
    const words = await eventually(
      async () => (child.exitCode === null ? served.said : "it ended"),
      (said) => said === "it ended" || said.includes("Ctrl-C stops everything"),
      { withinMs: 100_000 },
    );
    if (words === "it ended") {
      await served.stop();
      throw new Error(`the project did not start:\n${served.said}`);
    }
    return served;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** May be called again. */
  async stop(): Promise<void> {
    if (this.alive) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGINT");
      await exited;
    }
    await this.#drop();
  }
}
