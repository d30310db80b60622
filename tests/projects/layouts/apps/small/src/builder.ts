import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ greeting: Annotation<string> });

/** Not compiled: the server does that. */
export const builder = new StateGraph(State)
  .addNode("greet", () => ({ greeting: process.env["LAYOUTS_GREETING"] ?? "nothing said" }))
  .addEdge(START, "greet");
