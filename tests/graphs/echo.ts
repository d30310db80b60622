/** Answers with the last human message. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("echo", ({ messages }) => {
    const lastHuman = messages.findLast((message) => HumanMessage.isInstance(message));
    return { messages: [new AIMessage(lastHuman?.text ?? "")] };
  })
  .addEdge(START, "echo")
  .addEdge("echo", END)
  .compile();
