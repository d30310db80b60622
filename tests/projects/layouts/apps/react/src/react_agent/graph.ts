import type { AIMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { ConfigurationSchema, ensureConfiguration } from "./configuration.js";
import { callRehearsed } from "./model.js";
import { TOOLS } from "./tools.js";

async function callModel(
  state: typeof MessagesAnnotation.State,
  config: RunnableConfig,
): Promise<typeof MessagesAnnotation.Update> {
  const { systemPromptTemplate } = ensureConfiguration(config);
  return { messages: [await callRehearsed(systemPromptTemplate, state.messages)] };
}

function routeModelOutput(state: typeof MessagesAnnotation.State): string {
  const last = state.messages.at(-1) as AIMessage;
  return (last.tool_calls?.length ?? 0) > 0 ? "tools" : "__end__";
}

const workflow = new StateGraph(MessagesAnnotation, ConfigurationSchema)
  .addNode("callModel", callModel)
  .addNode("tools", new ToolNode(TOOLS))
  .addEdge("__start__", "callModel")
  .addConditionalEdges("callModel", routeModelOutput)
  .addEdge("tools", "callModel");

export const graph = workflow.compile({ interruptBefore: [], interruptAfter: [] });

graph.name = "ReAct Agent";
