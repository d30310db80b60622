/**
 * agent: a tool-calling agent with long-term memory and a human in the loop.
 *
 * The loop is model → tools → model, until the model asks for no more tools.
 * - "What is the weather in Paris?" calls a tool.
 * - "Remember that I like tea" writes to the store the server hands in; every
 *   later thread of the same user (`config.configurable.user_id`) knows it.
 * - "Send an email to a@example.com saying hello" pauses the run with an
 *   interrupt. Resume it with `command: { "resume": "approve" }`, or reject or
 *   edit as `approval.ts` describes.
 *
 * It runs on a scripted model, or on a real one when OPENAI_API_KEY or
 * ANTHROPIC_API_KEY is set. Its tokens stream either way.
 */
import { AIMessage, SystemMessage } from "@langchain/core/messages";
import {
  END,
  MessagesValue,
  Send,
  START,
  StateGraph,
  StateSchema,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { chooseModel } from "../model/choose-model.js";
import { memoryOf } from "./memory.js";
import { promptWith } from "./prompt.js";
import { agentScript } from "./script.js";
import { tools } from "./tools.js";

const AgentState = new StateSchema({ messages: MessagesValue });

type State = typeof AgentState.State;

async function callModel({ messages }: State, config: LangGraphRunnableConfig) {
  const model = await chooseModel(agentScript);
  const system = new SystemMessage(promptWith(await memoryOf(config).facts()));

  const answer = await (model.bindTools?.(tools) ?? model).invoke([system, ...messages], config);

  return { messages: [answer] };
}

/**
 * One task per tool call. A call that waits for a person then does not hold
 * the others up, and those that finished are not repeated when it is resumed.
 */
function callTools({ messages }: State) {
  const last = messages.at(-1);
  const calls = last !== undefined && AIMessage.isInstance(last) ? (last.tool_calls ?? []) : [];
  return calls.length === 0 ? END : calls.map((call) => new Send("tools", { messages, lg_tool_call: call }));
}

export const graph = new StateGraph(AgentState)
  .addNode("model", callModel)
  .addNode("tools", new ToolNode(tools))
  .addEdge(START, "model")
  .addConditionalEdges("model", callTools, ["tools", END])
  .addEdge("tools", "model")
  .compile();
