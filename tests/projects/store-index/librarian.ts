/** Puts what it is given into the store, then tells what it finds there. */
import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  namespace: Annotation<string[]>(),
  key: Annotation<string>(),
  value: Annotation<Record<string, unknown> | null>(),
  query: Annotation<string>(),
  got: Annotation<Record<string, unknown> | null>(),
  found: Annotation<[key: string, score: number | null][]>(),
});

export const graph = new StateGraph(State)
  .addNode("work", async ({ namespace, key, value, query }, { store }: LangGraphRunnableConfig) => {
    if (store === undefined) throw new Error("there is no store");
    if (value) await store.put(namespace, key, value);
    const item = await store.get(namespace, key);
    const found = await store.search(namespace, { query });
    return { got: item?.value ?? null, found: found.map((one) => [one.key, one.score ?? null]) };
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();
