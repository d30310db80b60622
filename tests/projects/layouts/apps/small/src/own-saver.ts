import { Annotation, InMemoryStore, MemorySaver, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ turns: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });

/** Brings its own memory, as it does where its author runs it. The server's stands in for it. */
export default new StateGraph(State)
  .addNode("count", async (_state, { store }) => {
    await store?.put(["own"], "saver", { seen: true });
    return { turns: 1 };
  })
  .addEdge(START, "count")
  .compile({ checkpointer: new MemorySaver(), store: new InMemoryStore() });
