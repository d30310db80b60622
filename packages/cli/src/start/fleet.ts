import { fileURLToPath } from "node:url";
import { Problem } from "../problem.js";
import { Child, type ChildSpec, describeExit } from "./child.js";
import { ownUrl } from "./own-url.js";
import type { StartOptions } from "./start-options.js";
import { Supervisor } from "./supervisor.js";

export interface FleetParts {
  readonly options: StartOptions;
  readonly databaseUri: string;
  readonly redisUri: string;
  /** What all paths of the API begin with; "" or "/something". */
  readonly prefix: string;
  /** What every process inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly onGiveUp: (name: string) => void;
}

/** A worker is given this long to finish or give back its runs; then it is killed and the lease sweep takes over. */
const WORKER_STOP_MS = 30_000;
const STOP_MS = 10_000;

const scriptOf = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier));

/** Brings the tables up to date, in a process of its own. @throws Problem when it fails; it has said why. */
export async function migrateInChild(parts: Pick<FleetParts, "env" | "databaseUri" | "write">): Promise<void> {
  const said: string[] = [];
  const child = new Child({
    name: "migrate",
    script: scriptOf("@graphfleet/postgres/migrate"),
    env: { ...parts.env, DATABASE_URI: parts.databaseUri },
    write: (text) => said.push(text),
  });
  const exit = await child.exited;
  if (exit.code === 0) return;
  throw new Problem(`The database could not be prepared (migrate ${describeExit(exit)}):\n${said.join("").trim()}`);
}

/** The processes of the fleet: one API, the workers, one scheduler. */
export class Fleet {
  readonly #supervisor: Supervisor;
  readonly #parts: FleetParts;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#supervisor = new Supervisor({ write: (line) => parts.write(`${line}\n`), onGiveUp: parts.onGiveUp });
  }

  /** Resolves when every process does its work. @throws Problem when one fails to start; it has said why. */
  async start(): Promise<void> {
    const { options } = this.#parts;
    const workers = Array.from({ length: options.workers }, (_, index) =>
      this.#spec(`worker-${index + 1}`, "@graphfleet/worker/main", {
        LANGGRAPH_API_URL: this.#parts.env.LANGGRAPH_API_URL ?? ownUrl(options, this.#parts.prefix),
        N_JOBS_PER_WORKER: String(options.jobsPerWorker),
        OPS_PORT: "0",
        // Whoever presses Ctrl-C does not want to wait for a run; given back, it goes on at the next start.
        BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: this.#parts.env.BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS ?? "5",
      }),
    );
    const specs = [
      this.#spec("api", "@graphfleet/api/main", {
        PORT: String(options.port),
        HOST: options.host,
        API_SHUTDOWN_GRACE_PERIOD_SECS: this.#parts.env.API_SHUTDOWN_GRACE_PERIOD_SECS ?? "0",
      }),
      ...workers,
      this.#spec("scheduler", "@graphfleet/scheduler/main", { OPS_PORT: "0" }),
    ];
    try {
      await Promise.all(specs.map((spec) => this.#supervisor.start(spec)));
    } catch (error) {
      throw new Problem(`The fleet could not start: ${(error as Error).message}. What it said is above.`, {
        cause: error,
      });
    }
  }

  /** The API first, so that nothing new comes in; then everybody else. */
  async stop(): Promise<void> {
    await this.#supervisor.stop((name) => name === "api", STOP_MS);
    await this.#supervisor.stop((name) => name !== "api", WORKER_STOP_MS);
  }

  #spec(name: string, script: string, extra: Readonly<Record<string, string>>): ChildSpec {
    const { options, databaseUri, redisUri, env, write } = this.#parts;
    return {
      name,
      script: scriptOf(script),
      env: {
        ...env,
        GRAPHFLEET_SERVICE: name,
        GRAPHFLEET_CONFIG: options.configPath,
        DATABASE_URI: databaseUri,
        REDIS_URI: redisUri,
        ...extra,
      },
      write,
    };
  }
}
