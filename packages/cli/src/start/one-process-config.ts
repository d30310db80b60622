import { ApiEnv, apiConfig } from "@graphfleet/api";
import { ConfigError, loadEnv } from "@graphfleet/chassis";
import { SchedulerEnv, schedulerConfig } from "@graphfleet/scheduler";
import { WorkerEnv, workerConfig } from "@graphfleet/worker";
import { Type } from "@sinclair/typebox";
import { Problem } from "../problem.js";
import type { StartOptions } from "./start-options.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Variables whose values one process has from elsewhere, and from where. */
export const FROM_ELSEWHERE = {
  DATABASE_URI: "the store that the command opened",
  REDIS_URI: "there is no Redis",
  REDIS_CLUSTER: "there is no Redis",
  REDIS_CA: "there is no Redis",
  REDIS_KEY_PREFIX: "there is no Redis",
  GRAPHFLEET_CONFIG: "the command's options, which read it",
  PORT: "the command's options, which read it",
  HOST: "the command's options, which read it",
  N_JOBS_PER_WORKER: "the command's options, which read it",
  OPS_PORT: "the API serves /ok and /metrics of everything",
} as const;

const all = { ...ApiEnv.properties, ...WorkerEnv.properties, ...SchedulerEnv.properties };

/** What all three processes read, with other defaults where one process stands for all, and stops when somebody waits. */
const OneProcessEnv = Type.Omit(
  Type.Object({
    ...all,
    GRAPHFLEET_SERVICE: Type.String({ default: "graphfleet" }),
    LANGGRAPH_POSTGRES_POOL_MAX_SIZE: Type.Integer({ minimum: 2, default: 20 }),
    API_SHUTDOWN_GRACE_PERIOD_SECS: Type.Integer({ minimum: 0, default: 0 }),
    BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: Type.Integer({ minimum: 0, default: 5 }),
  }),
  Object.keys(FROM_ELSEWHERE) as (keyof typeof FROM_ELSEWHERE)[],
);

/**
 * The settings of API, worker and scheduler in one process, from the same variables that they read when each is a process.
 *
 * @throws Problem that names each variable which cannot be used
 */
export function oneProcessConfig(env: Env, options: StartOptions, databaseUri: string) {
  const values = {
    ...readEnv(env),
    DATABASE_URI: databaseUri,
    REDIS_URI: "",
    REDIS_CLUSTER: false,
    REDIS_KEY_PREFIX: "",
    GRAPHFLEET_CONFIG: options.configPath,
    PORT: options.port,
    HOST: options.host,
    N_JOBS_PER_WORKER: options.workers * options.jobsPerWorker,
    OPS_PORT: 0,
  };
  return { api: apiConfig(values), worker: workerConfig(values), scheduler: schedulerConfig(values) };
}

export type OneProcessConfig = ReturnType<typeof oneProcessConfig>;

function readEnv(env: Env) {
  try {
    return loadEnv(OneProcessEnv, env);
  } catch (error) {
    if (error instanceof ConfigError) throw new Problem(error.message, { cause: error });
    throw error;
  }
}
