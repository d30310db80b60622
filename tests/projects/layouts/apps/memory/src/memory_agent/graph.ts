import {
  Annotation,
  END,
  getStore,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";

const State = Annotation.Root({ ...MessagesAnnotation.spec, recalled: Annotation<string[]>() });
const Configuration = Annotation.Root({ userId: Annotation<string> });

const placeOf = (config: LangGraphRunnableConfig) => ["memories", String(config.configurable?.["userId"] ?? "nobody")];

async function remember(state: typeof State.State, config: LangGraphRunnableConfig): Promise<typeof State.Update> {
  if (config.store === undefined) throw new Error("store is required when compiling the graph");
  const said = String(state.messages.at(-1)?.content);
  await config.store.put(placeOf(config), said, { said });
  return {};
}

async function recall(_state: typeof State.State, config: LangGraphRunnableConfig): Promise<typeof State.Update> {
  const found = (await getStore()?.search(placeOf(config), { limit: 10 })) ?? [];
  return { recalled: found.map(({ key }) => key).toSorted() };
}

export const graph = new StateGraph(State, Configuration)
  .addNode("remember", remember)
  .addNode("recall", recall)
  .addEdge(START, "remember")
  .addEdge("remember", "recall")
  .addEdge("recall", END)
  .compile();

graph.name = "MemoryAgent";
