import { parseArgs } from "node:util";
import { dirname, join, resolve } from "node:path";
import { Problem } from "../problem.js";

type Env = Readonly<Record<string, string | undefined>>;

export interface StartOptions {
  readonly configPath: string;
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  readonly jobsPerWorker: number;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly databaseUri: string | null;
  readonly redisUri: string | null;
  /** Everything in one process, without Redis. Chosen by itself where no Redis can be had. */
  readonly oneProcess: boolean;
}

export const START_HELP = `Usage: graphfleet start [options]

Starts the whole fleet on this machine: Postgres, Redis, API, workers, scheduler.

  --config PATH     langgraph.json of the project to serve (GRAPHFLEET_CONFIG; default: the examples)
  --port NUMBER     port of the API (PORT; default 8123)
  --host HOST       address of the API (HOST; default 127.0.0.1)
  --workers NUMBER  worker processes (WORKERS; default 2)
  --data-dir PATH   where data lives (GRAPHFLEET_DATA_DIR; default .graphfleet)
  --one-process     no Redis: API, worker and scheduler in one process
  --help            this text

DATABASE_URI and REDIS_URI name servers of your own; without them private ones are started.
N_JOBS_PER_WORKER (default 10) bounds the runs that one worker executes at once.
`;

/**
 * Reads the options of `graphfleet start`: arguments win over the environment.
 *
 * @param cwd where relative paths start
 * @param root the folder of the installation, which holds the examples
 * @throws Problem for a value that cannot be used
 */
export function startOptions(args: readonly string[], env: Env, cwd: string, root: string): StartOptions {
  const { values } = parse(args);
  const config = values.config ?? env.GRAPHFLEET_CONFIG ?? join(root, "examples", "langgraph.json");
  const dataDir = resolve(cwd, values["data-dir"] ?? env.GRAPHFLEET_DATA_DIR ?? ".graphfleet");

  return {
    configPath: resolve(cwd, config),
    host: values.host ?? env.HOST ?? "127.0.0.1",
    port: wholeNumber("PORT", values.port ?? env.PORT, 8123, { min: 1, max: 65_535 }),
    workers: wholeNumber("WORKERS", values.workers ?? env.WORKERS, 2, { min: 1, max: 64 }),
    jobsPerWorker: wholeNumber("N_JOBS_PER_WORKER", env.N_JOBS_PER_WORKER, 10, { min: 1, max: 10_000 }),
    dataDir,
    cacheDir: cacheDir(env, dataDir),
    databaseUri: said(env.POSTGRES_URI_CUSTOM) ?? said(env.DATABASE_URI) ?? said(env.POSTGRES_URI),
    redisUri: said(env.REDIS_URI_CUSTOM) ?? said(env.REDIS_URI),
    oneProcess: values["one-process"] ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string", short: "c" },
        port: { type: "string", short: "p" },
        host: { type: "string" },
        workers: { type: "string" },
        "data-dir": { type: "string" },
        "one-process": { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n\n${START_HELP}`, { cause: error });
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  otherwise: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (said(text) === null) return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Problem(`${name} must be a whole number from ${min} to ${max}, got "${text}".`);
}

/** The unpacked Redis is the same for every data folder, so it is kept once per user where there is a home. */
function cacheDir(env: Env, dataDir: string): string {
  if (said(env.XDG_CACHE_HOME) !== null) return join(env.XDG_CACHE_HOME as string, "graphfleet");
  if (said(env.HOME) !== null && dirname(env.HOME as string) !== env.HOME)
    return join(env.HOME as string, ".cache", "graphfleet");
  return join(dataDir, "cache");
}

const said = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);
