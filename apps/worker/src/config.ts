import { FailpointEnv, LogEnv, logOptions, MetricsEnv, redisOptions, StoresEnv } from "@graphfleet/chassis";
import { LEASE_SECONDS } from "@graphfleet/domain";
import { type Static, Type } from "@sinclair/typebox";

/** Every variable of the worker with its meaning, unit and default. */
export const WorkerEnv = Type.Object({
  ...StoresEnv,
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
  WEBHOOK_CONCURRENCY: Type.Integer({
    minimum: 1,
    default: 10,
    description: "Webhooks this process sends at once, besides the runs it executes",
  }),
  WEBHOOK_TIMEOUT_SECS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 10,
    description: "Seconds one try to send a webhook may take, redirects included",
  }),
  WEBHOOK_MAX_ATTEMPTS: Type.Integer({ minimum: 1, default: 3, description: "Tries before a webhook is given up" }),
  WEBHOOK_SIGNING_KEYS: Type.String({
    default: "",
    description: "Keys that webhooks are signed with, separated by commas; each adds a signature. None = not signed",
  }),
  WEBHOOK_ALLOWED_NETWORKS: Type.String({
    default: "",
    description: "Private networks that webhooks may go to, such as 10.0.0.0/8, separated by commas",
  }),
  LANGGRAPH_API_URL: Type.Optional(
    Type.String({ format: "uri", description: "Where this fleet's API is; webhooks that are a path are sent there" }),
  ),
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
  concurrency: env.N_JOBS_PER_WORKER,
  leaseSeconds: env.BG_JOB_HEARTBEAT,
  timeoutSeconds: env.BG_JOB_TIMEOUT_SECS,
  maxAttempts: env.BG_JOB_MAX_RETRIES,
  graceSeconds: env.BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS,
  tapeKeepSeconds: env.RESUMABLE_STREAM_TTL_SECONDS,
  webhooks: {
    concurrency: env.WEBHOOK_CONCURRENCY,
    timeoutSeconds: env.WEBHOOK_TIMEOUT_SECS,
    maxAttempts: env.WEBHOOK_MAX_ATTEMPTS,
    signingKeys: env.WEBHOOK_SIGNING_KEYS.split(",")
      .map((key) => key.trim())
      .filter((key) => key !== ""),
    allowedNetworks: env.WEBHOOK_ALLOWED_NETWORKS,
    ownUrl: env.LANGGRAPH_API_URL ?? null,
  },
  opsPort: env.OPS_PORT,
  log: logOptions(env),
  metricPrefix: env.METRIC_PREFIX,
});
