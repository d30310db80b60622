import { setTimeout as sleep } from "node:timers/promises";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** Streams the tokens `t0 t1 t2 …`, `ms` apart, and stops when the run is aborted. */
export class TokenModel extends BaseChatModel {
  readonly #count: number;
  readonly #ms: number;

  constructor(count: number, ms: number) {
    super({});
    this.#count = count;
    this.#ms = ms;
  }

  override _llmType(): string {
    return "tokens";
  }

  override async _generate(): Promise<ChatResult> {
    const text = Array.from({ length: this.#count }, (_, index) => tokenAt(index)).join("");
    return { generations: [{ text, message: new AIMessage(text) }] };
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    { signal }: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (let index = 0; index < this.#count; index += 1) {
      signal?.throwIfAborted();
      if (this.#ms > 0) await sleep(this.#ms, undefined, signal === undefined ? {} : { signal });
      const text = tokenAt(index);
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const tokenAt = (index: number) => `t${index} `;
