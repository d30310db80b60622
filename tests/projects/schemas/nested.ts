import { Annotation, START, StateGraph } from "@langchain/langgraph";

const Inner = Annotation.Root({ text: Annotation<string>(), depth: Annotation<number>() });
const inner = new StateGraph(Inner)
  .addNode("deep", () => ({ depth: 1 }))
  .addEdge(START, "deep")
  .compile();

const Outer = Annotation.Root({ text: Annotation<string>() });
export const graph = new StateGraph(Outer)
  .addNode("child", inner)
  .addNode("called", async (state) => ({ text: (await inner.invoke({ text: state.text })).text }))
  .addEdge(START, "child")
  .addEdge("child", "called")
  .compile();
