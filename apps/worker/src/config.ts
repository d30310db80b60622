import {
  EncryptionEnv,
  FailpointEnv,
  LogEnv,
  logOptions,
  MetricsEnv,
  redisOptions,
  StoresEnv,
  tapeBounds,
  TapeEnv,
} from "@graphfleet/chassis";
import { LEASE_SECONDS } from "@graphfleet/domain";
import { type Static, Type } from "@sinclair/typebox";
import { WebhookEnv, webhookOptions } from "./webhooks/webhook-env.js";

/** Every variable of the worker with its meaning, unit and default. */
export const WorkerEnv = Type.Object({
  ...StoresEnv,
  ...EncryptionEnv,
  GRAPHFLEET_CONFIG: Type.Optional(
    Type.String({
      description:
        "Path of the project's langgraph.json, or of its folder; left out = the current folder, else LANGSERVE_GRAPHS",
    }),
  ),
  GRAPHFLEET_SERVICE: Type.String({ default: "worker", description: "Name of this process in logs and leases" }),
  N_JOBS_PER_WORKER: Type.Integer({ minimum: 1, default: 10, description: "Runs this process executes at once" }),
  LANGGRAPH_POSTGRES_POOL_MAX_SIZE: Type.Integer({
    minimum: 2,
    default: 10,
    description: "Postgres connections of this process; a run that executes holds none",
  }),
  BG_JOB_HEARTBEAT: Type.Integer({
    minimum: 1,
    default: LEASE_SECONDS,
    description: "Seconds without a heartbeat after which a run counts as abandoned and goes to another worker",
  }),
  BG_JOB_TIMEOUT_SECS: Type.Integer({ minimum: 1, default: 86_400, description: "Seconds a run may execute" }),
  BG_JOB_MAX_RETRIES: Type.Integer({ minimum: 1, default: 3, description: "Times a run is started before it fails" }),
  BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: Type.Integer({
    minimum: 0,
    default: 180,
    description: "Seconds a held run may finish after SIGTERM; then it is given back",
  }),
  RESUMABLE_STREAM_TTL_SECONDS: Type.Integer({
    minimum: 1,
    default: 120,
    description: "Seconds a tape can be read after its run ended",
  }),
  ...TapeEnv,
  ...WebhookEnv.properties,
  OPS_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8124,
    description: "Port of /ok and /metrics; 0 = off",
  }),
  ...LogEnv,
  ...MetricsEnv,
  ...FailpointEnv,
});

export const workerConfig = (env: Static<typeof WorkerEnv>) => ({
  service: env.GRAPHFLEET_SERVICE,
  projectPath: env.GRAPHFLEET_CONFIG,
  database: { uri: env.DATABASE_URI, poolMax: env.LANGGRAPH_POSTGRES_POOL_MAX_SIZE },
  redis: redisOptions(env),
  tape: tapeBounds(env),
  concurrency: env.N_JOBS_PER_WORKER,
  leaseSeconds: env.BG_JOB_HEARTBEAT,
  timeoutSeconds: env.BG_JOB_TIMEOUT_SECS,
  maxAttempts: env.BG_JOB_MAX_RETRIES,
  graceSeconds: env.BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS,
  tapeKeepSeconds: env.RESUMABLE_STREAM_TTL_SECONDS,
  webhooks: webhookOptions(env),
  opsPort: env.OPS_PORT,
  log: logOptions(env),
  metricPrefix: env.METRIC_PREFIX,
});
