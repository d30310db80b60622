/** One node that answers with what it heard: the place to begin. */
import { AIMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

function answer({ messages }: typeof MessagesAnnotation.State) {
  return { messages: [new AIMessage(`You said: ${messages.at(-1)?.text ?? "nothing"}`)] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("answer", answer)
  .addEdge(START, "answer")
  .addEdge("answer", END)
  .compile();
