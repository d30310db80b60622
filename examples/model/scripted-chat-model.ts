/**
 * A chat model that follows a script instead of calling a provider.
 *
 * It lets every example run without an API key, and makes their tests exact:
 * the same messages always give the same answer. It streams its text word by
 * word, as a provider would, so clients have real token events to show.
 */
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";

/** What the scripted model says: some text, some tool calls, or both. */
export interface ScriptedReply {
  readonly text: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
}

export interface ScriptedToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** Decides the reply from the conversation so far. Must be pure: a repeated step must say the same thing. */
export type Script = (messages: readonly BaseMessage[]) => ScriptedReply;

/** Streams what its script says, one word per token, `delayMs` apart. Stops at once when the run is aborted. */
export class ScriptedChatModel extends BaseChatModel {
  readonly #script: Script;
  readonly #delayMs: number;

  constructor(script: Script, options: { delayMs?: number } = {}) {
    super({});
    this.#script = script;
    this.#delayMs = options.delayMs ?? 0;
  }

  override _llmType(): string {
    return "scripted";
  }

  /** The script knows the tools already; binding only has to be possible, as it is with a real model. */
  override bindTools(
    _tools: BindToolsInput[],
    _options?: Partial<BaseChatModelCallOptions>,
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, BaseChatModelCallOptions> {
    return this;
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole: AIMessageChunk | undefined;
    for await (const { message } of this._streamResponseChunks(messages, options, runManager)) {
      if (AIMessageChunk.isInstance(message)) whole = whole === undefined ? message : whole.concat(message);
    }

    const text = whole?.text ?? "";
    const message = new AIMessage({ content: text, tool_calls: whole?.tool_calls ?? [] });
    return { generations: [{ text, message }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const { text, message } of chunksOf(this.#script(messages))) {
      await pause(this.#delayMs, options.signal);
      const chunk = new ChatGenerationChunk({ text, message });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

function* chunksOf(reply: ScriptedReply): Generator<{ text: string; message: AIMessageChunk }> {
  for (const text of wordsOf(reply.text)) {
    yield { text, message: new AIMessageChunk({ content: text }) };
  }
  for (const [index, call] of (reply.toolCalls ?? []).entries()) {
    const chunk = { index, id: call.id, name: call.name, args: JSON.stringify(call.args) };
    yield {
      text: "",
      message: new AIMessageChunk({ content: "", tool_call_chunks: [{ type: "tool_call_chunk", ...chunk }] }),
    };
  }
}

/** Words with the white space after them, so that joining the tokens gives the text back. */
const wordsOf = (text: string): readonly string[] => text.match(/\S+\s*|\s+/g) ?? [];

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error("The run was aborted"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
