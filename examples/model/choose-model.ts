import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { ScriptedChatModel, type Script } from "./scripted-chat-model.js";

/** A little time between tokens, so that streaming can be seen by eye. SCRIPTED_TOKEN_MS changes it. */
const tokenDelayMs = () => Number(process.env.SCRIPTED_TOKEN_MS ?? 15);

/**
 * Gives the model the examples talk to: OpenAI or Anthropic when their API key
 * is set, else the script. Providers are imported only when used, so a server
 * without a key never loads their packages.
 */
export async function chooseModel(script: Script): Promise<BaseChatModel> {
  if (process.env.OPENAI_API_KEY) {
    const { ChatOpenAI } = await import("@langchain/openai");
    return new ChatOpenAI({ model: process.env.OPENAI_MODEL ?? "gpt-5-mini" });
  }
  if (process.env.ANTHROPIC_API_KEY) {
    const { ChatAnthropic } = await import("@langchain/anthropic");
    return new ChatAnthropic({ model: process.env.ANTHROPIC_MODEL ?? "claude-sonnet-4-5" });
  }
  return new ScriptedChatModel(script, { delayMs: tokenDelayMs() });
}
