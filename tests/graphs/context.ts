/**
 * Returns what the graph was given: `configurable`, `context` and `metadata`.
 *
 * With `remember: { key, value }` it also writes to the store under
 * `["tests", "context"]`; `remembered` is everything found there afterwards.
 */
import { END, START, StateGraph, StateSchema, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";

const NAMESPACE = ["tests", "context"];
const Loose = z.record(z.string(), z.unknown());

const ContextState = new StateSchema({
  remember: z.object({ key: z.string(), value: z.unknown() }).nullable().default(null),
  configurable: Loose.default(() => ({})),
  context: z.unknown(),
  metadata: Loose.default(() => ({})),
  remembered: Loose.default(() => ({})),
});

/** What can travel as JSON: LangGraph keeps its own live objects under keys that begin with two underscores. */
function plain(values: Record<string, unknown> = {}): Record<string, unknown> {
  const entries = Object.entries(values).filter(([key, value]) => !key.startsWith("__") && typeof value !== "function");
  return Object.fromEntries(entries);
}

async function look({ remember }: typeof ContextState.State, config: LangGraphRunnableConfig) {
  if (remember !== null) await config.store?.put(NAMESPACE, remember.key, { value: remember.value });
  const items = (await config.store?.search(NAMESPACE, { limit: 100 })) ?? [];

  return {
    remember: null,
    configurable: plain(config.configurable),
    context: config.context ?? null,
    metadata: plain(config.metadata),
    remembered: Object.fromEntries(items.map(({ key, value }) => [key, value.value])),
  };
}

export const graph = new StateGraph(ContextState)
  .addNode("look", look)
  .addEdge(START, "look")
  .addEdge("look", END)
  .compile();
