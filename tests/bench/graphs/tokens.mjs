/** A model that streams `count` tokens, `ms` apart: "t0 t1 t2 …". */
import { setTimeout as sleep } from "node:timers/promises";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

class TokenModel extends BaseChatModel {
  #count;
  #ms;

  /** @param {number} count @param {number} ms */
  constructor(count, ms) {
    super({});
    this.#count = count;
    this.#ms = ms;
  }

  /** @override */
  _llmType() {
    return "tokens";
  }

  /** @override */
  async _generate() {
    const text = Array.from({ length: this.#count }, (_, index) => `t${index} `).join("");
    return { generations: [{ text, message: new AIMessage(text) }] };
  }

  /**
   * @override
   * @param {import("@langchain/core/messages").BaseMessage[]} _messages
   * @param {this["ParsedCallOptions"]} _options
   * @param {import("@langchain/core/callbacks/manager").CallbackManagerForLLMRun} [runManager]
   */
  async *_streamResponseChunks(_messages, _options, runManager) {
    for (let index = 0; index < this.#count; index += 1) {
      if (this.#ms > 0) await sleep(this.#ms);
      const text = `t${index} `;
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const TokensState = Annotation.Root({
  ...MessagesAnnotation.spec,
  count: /** @type {typeof Annotation<number>} */ (Annotation)(),
  ms: /** @type {typeof Annotation<number>} */ (Annotation)(),
});

export const graph = new StateGraph(TokensState)
  .addNode("model", async ({ messages, count, ms }, config) => ({
    messages: [await new TokenModel(count, ms).invoke(messages, config)],
  }))
  .addEdge(START, "model")
  .addEdge("model", END)
  .compile();
