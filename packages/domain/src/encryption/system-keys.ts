/** What the server itself reads, filters by or joins on. */
const SYSTEM_KEYS = new Set([
  "assistant_id",
  "checkpoint_id",
  "checkpoint_ns",
  "created_by",
  "cron_id",
  "graph_id",
  "run_attempt",
  "run_id",
  "thread_id",
]);

/** Whether a key is never sealed, whoever asks for it. */
export const isSystemKey = (key: string): boolean =>
  SYSTEM_KEYS.has(key) || key.startsWith("langgraph_") || key.startsWith("__");
