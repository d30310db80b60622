import { AIMessage, HumanMessage, SystemMessage, ToolMessage, type BaseMessage } from "@langchain/core/messages";
import type { Script, ScriptedReply } from "../model/scripted-chat-model.js";
import { factsIn } from "./prompt.js";

/** One thing the scripted model understands, and the tool call it makes of it. */
interface Rule {
  readonly pattern: RegExp;
  readonly tool: string;
  readonly args: (match: RegExpMatchArray) => Record<string, string>;
}

const group = (match: RegExpMatchArray, index: number) => match[index]?.trim() ?? "";

const RULES: readonly Rule[] = [
  {
    pattern: /\bweather\b.*?\bin\s+([\p{L}][\p{L}' -]*?)(?=\s+and\b|\s+today\b|[?.!,;]|$)/iu,
    tool: "get_weather",
    args: (match) => ({ city: group(match, 1) }),
  },
  {
    pattern: /\bremember\s+that\s+(.+?)(?=[.!?]*$|[.!?]\s)/iu,
    tool: "remember",
    args: (match) => ({ fact: group(match, 1) }),
  },
  {
    pattern:
      /\bsend\s+an?\s+e-?mail\s+to\s+([^\s,;:]+@[^\s,;:]*[\p{L}\d])(?:\s*[,:]?\s*(?:saying|about|that says)?\s*(.*))?$/isu,
    tool: "send_email",
    args: (match) => ({ to: group(match, 1), text: group(match, 2) || "Hello!" }),
  },
];

/**
 * The agent's script: tool calls by simple rules on the last human message,
 * a summary once the tools have answered, and else a friendly answer that
 * uses what the memory holds.
 */
export const agentScript: Script = (messages) => {
  const answers = trailingToolMessages(messages);
  if (answers.length > 0) return { text: answers.map((answer) => answer.text).join(" ") };

  const last = messages.at(-1);
  const said = last !== undefined && HumanMessage.isInstance(last) ? last.text.trim() : "";
  return callTools(said, messages.filter((message) => AIMessage.isInstance(message)).length) ?? chat(said, messages);
};

function trailingToolMessages(messages: readonly BaseMessage[]): readonly BaseMessage[] {
  const lastOther = messages.findLastIndex((message) => !ToolMessage.isInstance(message));
  return messages.slice(lastOther + 1);
}

/** Call ids count the turns: different in one conversation, the same when a step is repeated. */
function callTools(said: string, turn: number): ScriptedReply | null {
  const toolCalls = RULES.flatMap((rule) => {
    const match = rule.pattern.exec(said);
    return match === null ? [] : [{ id: `call_${turn}_${rule.tool}`, name: rule.tool, args: rule.args(match) }];
  });
  return toolCalls.length === 0 ? null : { text: "Let me see to that.", toolCalls };
}

function chat(said: string, messages: readonly BaseMessage[]): ScriptedReply {
  const system = messages.find((message) => SystemMessage.isInstance(message));
  const facts = factsIn(system?.text ?? "");

  const memory = facts.length === 0 ? "I know nothing about you yet." : `I remember: ${facts.join("; ")}.`;
  const offer = "Ask me about the weather, tell me to remember something, or let me send an email.";
  return { text: said === "" ? `Hello! ${memory} ${offer}` : `You said: "${said}". ${memory} ${offer}` };
}
