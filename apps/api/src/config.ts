import {
  AuthEnv,
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
import { type Static, Type } from "@sinclair/typebox";
import { corsOrigins, listed } from "./http/http-rules.js";

/** Every variable of the API with its meaning, unit and default. */
export const ApiEnv = Type.Object({
  ...StoresEnv,
  ...EncryptionEnv,
  GRAPHFLEET_CONFIG: Type.Optional(
    Type.String({
      description:
        "Path of the project's langgraph.json, or of its folder; left out = the current folder, else LANGSERVE_GRAPHS",
    }),
  ),
  GRAPHFLEET_SERVICE: Type.String({ default: "api", description: "Name of this process in logs" }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8123, description: "Port of the REST API; 0 = any free" }),
  HOST: Type.Optional(
    Type.String({ description: "Address to listen on; left out = all, IPv6 ones too where there are any" }),
  ),
  LANGGRAPH_POSTGRES_POOL_MAX_SIZE: Type.Integer({
    minimum: 2,
    default: 10,
    description: "Postgres connections of this process",
  }),
  HTTP_MAX_REQUEST_BODY_BYTES: Type.Integer({
    minimum: 1,
    default: 25 * 1024 * 1024,
    description: "Largest request body in bytes; a larger one is answered 413",
  }),
  MAX_CONCURRENT_STREAMS: Type.Integer({
    minimum: 0,
    default: 10_000,
    description: "Streams, joins and waits that this process holds open at once; more are answered 503; 0 = any number",
  }),
  ...TapeEnv,
  CORS_ALLOW_ORIGINS: Type.String({
    default: "*",
    description: "Origins whose pages may call this server, separated by commas; * = all",
  }),
  MOUNT_PREFIX: Type.Optional(
    Type.String({ description: "Path that all routes are put under; http.mount_prefix of the project wins" }),
  ),
  GRAPHFLEET_ON_DISCONNECT: Type.Union([Type.Literal("continue"), Type.Literal("cancel")], {
    default: "continue",
    description: "What becomes of a streamed or awaited run whose client goes away, when its request does not say",
  }),
  LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    default: 30_000,
    description: "Milliseconds that telling a graph's schemas from its types may take",
  }),
  API_SHUTDOWN_DELAY_SECS: Type.Integer({
    minimum: 0,
    default: 0,
    description: "Seconds in which requests are still taken after SIGTERM, while /ok says 503 to the balancer",
  }),
  API_SHUTDOWN_GRACE_PERIOD_SECS: Type.Integer({
    minimum: 0,
    default: 10,
    description: "Seconds after that in which requests that wait for a run may end; then they are cut",
  }),
  WEBHOOK_ALLOWED_NETWORKS: Type.String({
    default: "",
    description: "Private networks that webhooks may go to, such as 10.0.0.0/8, separated by commas",
  }),
  LANGGRAPH_AUTH_TYPE: Type.Union([Type.Literal("noop"), Type.Literal("custom"), Type.Literal("langsmith")], {
    default: "noop",
    description:
      "custom: do not start without auth.path or API keys. noop: auth is what is set. langsmith is refused: it needs the hosted product",
  }),
  ...AuthEnv,
  GRAPHFLEET_API_KEYS: Type.String({
    default: "",
    description:
      "API keys for projects without auth: names and SHA-256 digests, as ci:<64 hex digits>, separated by commas",
  }),
  GRAPHFLEET_API_KEYS_FILE: Type.Optional(
    Type.String({
      description:
        "File of such entries, one on a line. It is looked at every two seconds, so keys come and go without a restart",
    }),
  ),
  GRAPHFLEET_STUDIO_AUTH: Type.Boolean({
    default: false,
    description:
      "Whether LangGraph Studio comes in without a login. Anybody can say to be Studio: for development only",
  }),
  GRAPHFLEET_GUARDED_PATHS: Type.String({
    default: "",
    pattern: String.raw`^\s*((/info|/metrics|/docs|/openapi\.json)\s*(,\s*|$))*$`,
    expected: "some of /info, /metrics, /docs and /openapi.json, separated by commas",
    description: "What needs a login besides all that always does, where there is auth",
  }),
  LANGGRAPH_CONFIG: Type.Optional(
    Type.String({ description: "JSON map of graph id to the config of its system assistant" }),
  ),
  LANGSMITH_API_KEY: Type.Optional(Type.String({ description: "Key of LangSmith, where the graphs' traces go" })),
  LANGCHAIN_API_KEY: Type.Optional(Type.String({ description: "Older name of LANGSMITH_API_KEY" })),
  LANGSMITH_TRACING: Type.Optional(Type.String({ description: "false turns tracing off" })),
  LANGSMITH_TRACING_V2: Type.Optional(Type.String({ description: "Older name of LANGSMITH_TRACING" })),
  LANGCHAIN_TRACING: Type.Optional(Type.String({ description: "Older name of LANGSMITH_TRACING" })),
  LANGCHAIN_TRACING_V2: Type.Optional(Type.String({ description: "Older name of LANGSMITH_TRACING" })),
  ...LogEnv,
  ...MetricsEnv,
  ...FailpointEnv,
});

export const apiConfig = (env: Static<typeof ApiEnv>) => ({
  service: env.GRAPHFLEET_SERVICE,
  projectPath: env.GRAPHFLEET_CONFIG,
  database: { uri: env.DATABASE_URI, poolMax: env.LANGGRAPH_POSTGRES_POOL_MAX_SIZE },
  redis: redisOptions(env),
  tape: tapeBounds(env),
  port: env.PORT,
  host: env.HOST,
  shutdown: {
    delayMs: env.API_SHUTDOWN_DELAY_SECS * 1000,
    graceMs: env.API_SHUTDOWN_GRACE_PERIOD_SECS * 1000,
  },
  maxBodyBytes: env.HTTP_MAX_REQUEST_BODY_BYTES,
  maxStreams: env.MAX_CONCURRENT_STREAMS,
  corsOrigins: corsOrigins(env.CORS_ALLOW_ORIGINS),
  mountPrefix: env.MOUNT_PREFIX,
  onDisconnect: env.GRAPHFLEET_ON_DISCONNECT,
  webhookNetworks: env.WEBHOOK_ALLOWED_NETWORKS,
  authTimeoutMs: env.GRAPHFLEET_AUTH_TIMEOUT_SECS * 1000,
  authType: env.LANGGRAPH_AUTH_TYPE,
  apiKeys: { text: env.GRAPHFLEET_API_KEYS, file: env.GRAPHFLEET_API_KEYS_FILE },
  guardedPaths: listed(env.GRAPHFLEET_GUARDED_PATHS),
  studioAuth: env.GRAPHFLEET_STUDIO_AUTH,
  systemAssistants: env.LANGGRAPH_CONFIG,
  schemaTimeoutMs: env.LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS,
  langsmith: isTraced(env),
  log: logOptions(env),
  metricPrefix: env.METRIC_PREFIX,
});

/** There is a key, and nobody turned tracing off. */
function isTraced(env: Static<typeof ApiEnv>): boolean {
  const key = env.LANGSMITH_API_KEY ?? env.LANGCHAIN_API_KEY;
  const off = [env.LANGSMITH_TRACING, env.LANGSMITH_TRACING_V2, env.LANGCHAIN_TRACING, env.LANGCHAIN_TRACING_V2].some(
    (value) => value?.toLowerCase() === "false",
  );
  return key !== undefined && !off;
}
