import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ text: Annotation() });

export const graph = new StateGraph(State)
  .addNode("work", (state) => ({ text: `${state.text} from ESM` }))
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();
