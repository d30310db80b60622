import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";

/** Stands for a chat model: calls the tool that the human names, then tells what it said. */
export async function callRehearsed(system: string, messages: readonly BaseMessage[]): Promise<AIMessage> {
  const last = messages.at(-1);
  if (last instanceof ToolMessage) return new AIMessage(`${system} ${String(last.content)}`);
  const [name = "", value = ""] = String(last?.content).split(" ");
  const args = name === "send" ? { to: value } : { query: value };
  return new AIMessage({ content: "", tool_calls: [{ id: "call-1", name, args, type: "tool_call" }] });
}
