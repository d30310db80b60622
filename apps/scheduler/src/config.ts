import {
  AuthEnv,
  EncryptionEnv,
  FailpointEnv,
  LogEnv,
  logOptions,
  MetricsEnv,
  redisOptions,
  StoresEnv,
} from "@graphfleet/chassis";
import { type Static, Type } from "@sinclair/typebox";

/** Every variable of the scheduler with its meaning, unit and default. */
export const SchedulerEnv = Type.Object({
  ...StoresEnv,
  ...EncryptionEnv,
  ...AuthEnv,
  GRAPHFLEET_CONFIG: Type.Optional(
    Type.String({ description: "Path of the project's langgraph.json; left out = the defaults of what expires" }),
  ),
  GRAPHFLEET_SERVICE: Type.String({ default: "scheduler", description: "Name of this process in logs" }),
  LANGGRAPH_POSTGRES_POOL_MAX_SIZE: Type.Integer({
    minimum: 2,
    default: 3,
    description: "Postgres connections of this process",
  }),
  BG_JOB_MAX_RETRIES: Type.Integer({ minimum: 1, default: 3, description: "Times a run is started before it fails" }),
  RESUMABLE_STREAM_TTL_SECONDS: Type.Integer({
    minimum: 1,
    default: 120,
    description: "Seconds the result of a stateless run outlives it",
  }),
  WEBHOOK_LOG_KEEP_HOURS: Type.Number({
    exclusiveMinimum: 0,
    default: 72,
    description: "Hours a webhook can be looked up and replayed after it was delivered or given up",
  }),
  CRON_LOG_KEEP_DAYS: Type.Number({
    exclusiveMinimum: 0,
    default: 1,
    description: "Days for which the ledger remembers when which cron fired",
  }),
  OPS_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8125,
    description: "Port of /ok and /metrics; 0 = off",
  }),
  ...LogEnv,
  ...MetricsEnv,
  ...FailpointEnv,
});

export const schedulerConfig = (env: Static<typeof SchedulerEnv>) => ({
  service: env.GRAPHFLEET_SERVICE,
  projectPath: env.GRAPHFLEET_CONFIG,
  database: { uri: env.DATABASE_URI, poolMax: env.LANGGRAPH_POSTGRES_POOL_MAX_SIZE },
  redis: redisOptions(env),
  authTimeoutMs: env.GRAPHFLEET_AUTH_TIMEOUT_SECS * 1000,
  maxAttempts: env.BG_JOB_MAX_RETRIES,
  temporaryKeepSeconds: env.RESUMABLE_STREAM_TTL_SECONDS,
  webhookKeepSeconds: env.WEBHOOK_LOG_KEEP_HOURS * 3600,
  firingKeepSeconds: env.CRON_LOG_KEEP_DAYS * 86_400,
  opsPort: env.OPS_PORT,
  log: logOptions(env),
  metricPrefix: env.METRIC_PREFIX,
});
