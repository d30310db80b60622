/** An agent: the model is asked, its tool calls are executed, and it is asked again until it has an answer. */
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { RehearsedModel } from "./rehearsed-model.js";
import { tools } from "./tools.js";

// A real model takes its place in one line, see README.md.
const model = new RehearsedModel({}).bindTools(tools);

async function think({ messages }: typeof MessagesAnnotation.State) {
  return { messages: [await model.invoke(messages)] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("think", think)
  .addNode("tools", new ToolNode(tools))
  .addEdge(START, "think")
  .addConditionalEdges("think", toolsCondition, ["tools", END])
  .addEdge("tools", "think")
  .compile();
