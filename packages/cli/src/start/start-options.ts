import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Problem } from "../problem.js";
import type { Input } from "../shell/command.js";

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

/**
 * The options of `graphfleet start`: arguments win over the environment.
 *
 * @param cwd where relative paths start
 * @param root the folder of the installation, which holds the examples
 * @throws Problem for a value that cannot be used
 */
export function startOptions(
  { strings, switches }: Pick<Input, "strings" | "switches">,
  env: Env,
  cwd: string,
  root: string,
): StartOptions {
  const config = strings.config ?? env.GRAPHFLEET_CONFIG ?? whereNothingIsSaid(cwd, root);
  const dataDir = resolve(cwd, strings["data-dir"] ?? env.GRAPHFLEET_DATA_DIR ?? ".graphfleet");

  return {
    configPath: resolve(cwd, config),
    host: strings.host ?? env.HOST ?? "127.0.0.1",
    port: wholeNumber(...flagOr("port", strings, "PORT", env), 8123, { min: 1, max: 65_535 }),
    workers: wholeNumber(...flagOr("workers", strings, "WORKERS", env), 2, { min: 1, max: 64 }),
    jobsPerWorker: wholeNumber("N_JOBS_PER_WORKER", env.N_JOBS_PER_WORKER, 10, { min: 1, max: 10_000 }),
    dataDir,
    cacheDir: cacheDir(env, dataDir),
    databaseUri: databaseUri(env),
    redisUri: redisUri(env),
    oneProcess: switches.has("one-process"),
  };
}

function whereNothingIsSaid(cwd: string, root: string): string {
  const here = join(cwd, "langgraph.json");
  return existsSync(here) ? here : join(root, "examples", "langgraph.json");
}

/** What was said, and the name it was said under, for messages: the flag, which wins, or the variable. */
export const flagOr = (flag: string, strings: Input["strings"], variable: string, env: Env) =>
  strings[flag] === undefined ? ([variable, env[variable]] as const) : ([`--${flag}`, strings[flag]] as const);

/** @throws Problem unless the text is a whole number within the bounds; nothing said is `otherwise`. */
export function wholeNumber(
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
export function cacheDir(env: Env, dataDir: string): string {
  if (said(env.XDG_CACHE_HOME) !== null) return join(env.XDG_CACHE_HOME as string, "graphfleet");
  if (said(env.HOME) !== null && dirname(env.HOME as string) !== env.HOME)
    return join(env.HOME as string, ".cache", "graphfleet");
  return join(dataDir, "cache");
}

/** The user's Postgres, under our name or the official ones; null: none. */
export const databaseUri = (env: Env): string | null =>
  said(env.POSTGRES_URI_CUSTOM) ?? said(env.DATABASE_URI) ?? said(env.POSTGRES_URI);

/** The user's Redis; null: none. */
export const redisUri = (env: Env): string | null => said(env.REDIS_URI_CUSTOM) ?? said(env.REDIS_URI);

const said = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);
