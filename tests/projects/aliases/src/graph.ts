import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { type Greeting, greet } from "@lib/greet";

const State = Annotation.Root({ name: Annotation<string>, greeting: Annotation<Greeting> });

export const graph = new StateGraph(State)
  .addNode("work", (state) => ({ greeting: greet(state.name) }))
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();
