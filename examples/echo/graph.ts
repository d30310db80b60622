/**
 * echo: one node that answers with the last human message.
 *
 * The cheapest useful graph. What it costs to run is what the server costs,
 * which is why the benchmark uses one like it.
 */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

function echo({ messages }: typeof MessagesAnnotation.State) {
  const lastHuman = messages.findLast((message) => HumanMessage.isInstance(message));
  return { messages: [new AIMessage(lastHuman?.text ?? "")] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("echo", echo)
  .addEdge(START, "echo")
  .addEdge("echo", END)
  .compile();
