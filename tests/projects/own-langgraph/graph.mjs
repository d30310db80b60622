import { AIMessage, isAIMessage } from "@langchain/core/messages";
import { Annotation, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ ...MessagesAnnotation.spec, note: Annotation() });

/** Asks, then answers; `write` is reached only by a command that sends to it. */
export const graph = new StateGraph(State)
  .addNode("ask", () => ({ messages: [new AIMessage(`you said ${interrupt("what?")}`)] }))
  .addNode("write", (state) => ({ note: state.note ?? "none" }))
  .addNode("check", (state) => ({ note: `${state.messages.filter((message) => isAIMessage(message)).length} answers` }))
  .addEdge(START, "ask")
  .addEdge("ask", "check")
  .addConditionalEdges("check", () => END, ["write", END])
  .addEdge("write", END)
  .compile();
