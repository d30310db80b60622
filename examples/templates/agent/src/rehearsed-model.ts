/**
 * Stands in for a real model, so that this project runs without an API key. It says what it rehearsed: it calls the weather
 * tool when it is asked for the weather, and otherwise tells what it heard.
 */
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

export class RehearsedModel extends BaseChatModel {
  override _llmType(): string {
    return "rehearsed";
  }

  /** It knows the tools from its rehearsal. */
  override bindTools(_tools: unknown[]): this {
    return this;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = answer(messages);
    return { generations: [{ text: message.text, message }] };
  }

  /** Word by word, as a provider would. */
  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { text, tool_calls = [] } = answer(messages);
    for (const word of text.match(/\S+\s*/g) ?? []) {
      const chunk = new ChatGenerationChunk({ text: word, message: new AIMessageChunk({ content: word }) });
      yield chunk;
      await run?.handleLLMNewToken(word, undefined, undefined, undefined, undefined, { chunk });
    }
    for (const [index, { id = "", name, args }] of tool_calls.entries()) {
      const call = { type: "tool_call_chunk" as const, index, id, name, args: JSON.stringify(args) };
      const message = new AIMessageChunk({ content: "", tool_call_chunks: [call] });
      yield new ChatGenerationChunk({ text: "", message });
    }
  }
}

function answer(messages: BaseMessage[]): AIMessage {
  const last = messages.at(-1);
  if (last !== undefined && ToolMessage.isInstance(last)) return new AIMessage(`I looked it up. ${last.text}.`);

  const question = messages.findLast((message) => HumanMessage.isInstance(message))?.text ?? "";
  const city = /weather in ([\p{L} -]+)/iu.exec(question)?.[1]?.trim();
  if (city === undefined) return new AIMessage(`You said: ${question}`);
  const call = { id: `call_${messages.length}`, name: "get_weather", args: { city } };
  return new AIMessage({ content: "", tool_calls: [call] });
}
