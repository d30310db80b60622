/** Takes 20 steps that do nothing: what it costs to save each of them. */
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ count: Annotation() });
const STEPS = 20;

export const graph = new StateGraph(State)
  .addNode("step", ({ count }) => ({ count: Number(count) + 1 }))
  .addEdge(START, "step")
  .addConditionalEdges("step", ({ count }) => (Number(count) < STEPS ? "step" : END), ["step", END])
  .compile();
