import type { Env } from "./config.js";

/** Variables of the official server that are accepted here and change nothing, and why. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  A2A_A2UI_ENABLED: "there is no A2A in this version",
  A2A_ALLOWED_TOOL_CALL_RESULTS: "there is no A2A in this version",
  BG_JOB_ISOLATED_LOOPS: "belongs to Python",
  FF_OPTIMIZED_STREAMING: "there is one way to stream",
  LANGGRAPH_CLOUD_LICENSE_KEY: "there is no license",
  LANGGRAPH_NODE_LOADER: "TypeScript is bundled by the server itself",
  LANGSMITH_AUTH_ENDPOINT: "the login of the hosted product is not part of this server",
  LANGSMITH_TENANT_ID: "the login of the hosted product is not part of this server",
  LOG_COLOR: "the log has no colours",
  LSD_PROTOCOL_V2_BUFFER_SIZE: "a run's tape is kept whole, for RESUMABLE_STREAM_TTL_SECONDS",
  LS_CHECKPOINT_DELETE: "checkpoints go at once with their thread, and in batches where threads expire",
  LS_DEFAULT_CHECKPOINTER_BACKEND: "checkpoints are kept in Postgres",
  LS_MONGODB_URI: "checkpoints are kept in Postgres",
  REDIS_MAX_CONNECTIONS: "a process opens a handful",
};

/** Those of them that are set. */
export const withoutEffect = (env: Env): readonly string[] =>
  Object.keys(WITHOUT_EFFECT).filter((name) => (env[name] ?? "") !== "");
