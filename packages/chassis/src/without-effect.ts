/** Variables of the official server that are accepted here and change nothing, and why. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  BG_JOB_ISOLATED_LOOPS: "belongs to Python",
  FF_OPTIMIZED_STREAMING: "there is one way to stream",
  LANGGRAPH_CLOUD_LICENSE_KEY: "there is no license",
  LANGGRAPH_NODE_LOADER: "TypeScript is bundled by the server itself",
  LOG_COLOR: "the log has no colours",
  LS_DEFAULT_CHECKPOINTER_BACKEND: "checkpoints are kept in Postgres",
  LS_MONGODB_URI: "checkpoints are kept in Postgres",
  REDIS_MAX_CONNECTIONS: "a process opens a handful",
};
