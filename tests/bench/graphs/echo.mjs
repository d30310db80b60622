/** Answers with the last message: what a run costs when the graph costs nothing. */
import { AIMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("echo", ({ messages }) => ({ messages: [new AIMessage(messages.at(-1)?.text ?? "")] }))
  .addEdge(START, "echo")
  .addEdge("echo", END)
  .compile();
