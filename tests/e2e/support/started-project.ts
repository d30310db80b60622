import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@graphfleet/embedded";
import pg from "pg";
import { freshDatabase, repositoryPath } from "./fleet.js";
import { eventually } from "./wait.js";

/** A project served by the real command line, on a database and a Redis prefix of its own. */
export class StartedProject {
  readonly url: string;
  readonly sql: pg.Pool;
  readonly #child: ChildProcess;
  readonly #cleanUp: () => Promise<void>;
  #said = "";

  private constructor(url: string, child: ChildProcess, databaseUri: string, cleanUp: () => Promise<void>) {
    this.url = url;
    this.#child = child;
    this.#cleanUp = cleanUp;
    this.sql = new pg.Pool({ connectionString: databaseUri, max: 2 });
    this.sql.on("error", () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    }
  }

  /** `graphfleet start` for the langgraph.json at `config`, which is relative to the repository. */
  static async start(config: string, env: Readonly<Record<string, string>> = {}): Promise<StartedProject> {
    const database = await freshDatabase();
    const folder = mkdtempSync(join(tmpdir(), "graphfleet-project-"));
    const port = await freePort();
    const args = ["start", "--config", repositoryPath(config), "--port", String(port), "--workers", "1"];
    const child = spawn(
      process.execPath,
      [repositoryPath("packages/cli/dist/main.js"), ...args, "--data-dir", folder],
      {
        env: {
          ...process.env,
          NODE_OPTIONS: undefined,
          DATABASE_URI: database.uri,
          REDIS_URI: process.env.TEST_REDIS_URI,
          REDIS_KEY_PREFIX: `e2e-${randomUUID()}:`,
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const started = new StartedProject(`http://127.0.0.1:${port}`, child, database.uri, async () => {
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    });
    await eventually(
      async () => ({ said: started.said(), code: child.exitCode }),
      ({ said, code }) => {
        if (code !== null) throw new Error(`exited with ${code}:\n${said}`);
        return said.includes("Ctrl-C stops everything");
      },
      { withinMs: 90_000 },
    );
    return started;
  }

  /** Everything that its processes logged so far. */
  said(): string {
    return this.#said;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    await exited;
    await this.sql.end();
    await this.#cleanUp();
  }
}
