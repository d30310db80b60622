import { dirname, join, resolve } from "node:path";
import type { Input, Io } from "../shell/command.js";
import { configPath } from "../shell/read-config.js";
import { cacheDir, databaseUri, flagOr, type StartOptions, wholeNumber } from "../start/start-options.js";

/** Accepted names that somebody may count on, and what to do instead. */
const SAID: Readonly<Record<string, string>> = {
  tunnel: "--tunnel has no effect: nothing is opened to the internet. Use a tunnel of your own to the port below.",
  "ssl-certfile": "--ssl-certfile has no effect: put a proxy in front for TLS.",
  "ssl-keyfile": "--ssl-keyfile has no effect: put a proxy in front for TLS.",
  "server-log-level": "--server-log-level has no effect: set LOG_LEVEL.",
  "debug-port": "--debug-port has no effect: set NODE_OPTIONS=--inspect.",
};

/** @throws Problem for a value that cannot be used */
export function devOptions({ strings }: Pick<Input, "strings">, { env, cwd }: Pick<Io, "env" | "cwd">): StartOptions {
  const config = configPath({ strings }, { env, cwd });
  const folder = config.endsWith(".json") ? dirname(config) : config;
  const dataDir = resolve(cwd, strings["data-dir"] ?? env.GRAPHFLEET_DATA_DIR ?? join(folder, ".graphfleet"));
  const slots = flagOr("n-jobs-per-worker", strings, "N_JOBS_PER_WORKER", env);
  return {
    configPath: config,
    host: strings.host ?? env.HOST ?? "127.0.0.1",
    port: wholeNumber(...flagOr("port", strings, "PORT", env), 8123, { min: 1, max: 65_535 }),
    workers: 1,
    jobsPerWorker: wholeNumber(...slots, 10, { min: 1, max: 10_000 }),
    dataDir,
    cacheDir: cacheDir(env, dataDir),
    databaseUri: databaseUri(env),
    redisUri: null,
    oneProcess: true,
  };
}

/** What to tell those who used official options that do nothing here. */
export const unheard = ({ strings, switches }: Pick<Input, "strings" | "switches">): readonly string[] =>
  Object.entries(SAID).flatMap(([name, words]) => (name in strings || switches.has(name) ? [words] : []));
