/**
 * Graphs that both servers can load as they are, and that say the same each time they run: no ids or clocks of their own.
 */
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, ToolMessage } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { Annotation, Command, END, interrupt, MessagesAnnotation, Send, START, StateGraph } from "@langchain/langgraph";

/** Streams its tokens under a message id of its own. */
class Parrot extends BaseChatModel {
  #id;
  #tokens;

  /** @param {string} id @param {readonly string[]} tokens */
  constructor(id, tokens) {
    super({});
    this.#id = id;
    this.#tokens = tokens;
  }

  /** @override */
  _llmType() {
    return "parrot";
  }

  /** @override */
  async _generate() {
    const text = this.#tokens.join("");
    return { generations: [{ text, message: new AIMessage({ id: this.#id, content: text }) }] };
  }

  /** @override */
  async *_streamResponseChunks(_messages, _options, runManager) {
    for (const text of this.#tokens) {
      const message = new AIMessageChunk({ id: this.#id, content: text });
      const chunk = new ChatGenerationChunk({ text, message });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const list = () =>
  Annotation({
    default: () => [],
    reducer: (/** @type {string[]} */ left, /** @type {string[]} */ right) => [...left, ...right],
  });

/** Speaks twice, with a tool and a note in between; one model is not to be streamed. */
const lookUp = tool(async ({ word }) => `${word} found`, {
  name: "look_up",
  description: "Looks a word up.",
  schema: { type: "object", properties: { word: { type: "string" } }, required: ["word"] },
});
const turn = (/** @type {{ messages: readonly unknown[] }} */ { messages }) => messages.length;
export const chat = new StateGraph(MessagesAnnotation)
  .addNode("speak", async (state, config) => {
    const reply = await new Parrot(`ai-${turn(state)}`, ["one ", "two ", "three"]).invoke(state.messages, config);
    return { messages: [reply] };
  })
  .addNode("look", async (state, config) => {
    config.writer?.({ looking: true });
    const content = await lookUp.invoke({ word: "two" }, config);
    return {
      messages: [new ToolMessage({ id: `tool-${turn(state)}`, tool_call_id: "call", name: "look_up", content })],
    };
  })
  .addNode("think", async (state, config) => {
    const silent = new Parrot("silent", ["hm"]).withConfig({ tags: ["nostream"] });
    await silent.invoke(state.messages, config);
    return { messages: [await new Parrot(`ai-${turn(state)}`, ["done"]).invoke(state.messages, config)] };
  })
  .addEdge(START, "speak")
  .addEdge("speak", "look")
  .addEdge("look", "think")
  .addEdge("think", END)
  .compile();

const Steps = Annotation.Root({ log: list(), asks: Annotation(), topic: Annotation(), last: Annotation() });

/** Two nodes at once, a jump by command, and an end. */
export const steps = new StateGraph(Steps)
  .addNode("first", () => ({ log: ["first"] }))
  .addNode("left", () => ({ log: ["left"] }))
  .addNode("right", () => ({ log: ["right"], last: "right" }))
  .addNode("jump", () => new Command({ goto: "landing", update: { log: ["jump"] } }), { ends: ["landing"] })
  .addNode("landing", () => ({ log: ["landing"] }))
  .addEdge(START, "first")
  .addEdge("first", "left")
  .addEdge("first", "right")
  .addEdge(["left", "right"], "jump")
  .addEdge("landing", END)
  .compile();

/** Asks each of `asks` at once; resume it by value or by map. */
export const asking = new StateGraph(Steps)
  .addNode("before", () => ({ log: ["before"] }))
  .addNode("ask", ({ topic }) => ({ log: [`${String(topic)}: ${String(interrupt({ topic }))}`] }))
  .addNode("after", () => ({ log: ["after"] }))
  .addEdge(START, "before")
  .addConditionalEdges(
    "before",
    ({ asks }) => (asks ?? ["why"]).map((/** @type {string} */ topic) => new Send("ask", { topic })),
    ["ask"],
  )
  .addEdge("ask", "after")
  .addEdge("after", END)
  .compile();

const child = new StateGraph(MessagesAnnotation)
  .addNode("inner", async (state, config) => {
    config.writer?.({ inside: true });
    return { messages: [await new Parrot("ai-inner", ["in", "side"]).invoke(state.messages, config)] };
  })
  .addNode("confirm", (state) => {
    const asks = state.messages.some(({ content }) => content === "ask");
    return asks ? { messages: [{ id: "answer", type: "human", content: String(interrupt("sure?")) }] } : {};
  })
  .addEdge(START, "inner")
  .addEdge("inner", "confirm")
  .addEdge("confirm", END)
  .compile();

/** A graph inside of a graph. Pauses inside when told "ask". */
export const nested = new StateGraph(MessagesAnnotation)
  .addNode("outer", async () => ({ messages: [new AIMessage({ id: "outer", content: "outer" })] }))
  .addNode("child", child)
  .addNode("close", () => ({ messages: [new AIMessage({ id: "close", content: "close" })] }))
  .addEdge(START, "outer")
  .addEdge("outer", "child")
  .addEdge("child", "close")
  .addEdge("close", END)
  .compile();

class CustomError extends Error {
  name = "CustomError";
}

/** One good step, then an error with its own name. */
export const failing = new StateGraph(Steps)
  .addNode("good", () => ({ log: ["good"] }))
  .addNode("bad", () => {
    throw new CustomError("Boo!");
  })
  .addEdge(START, "good")
  .addEdge("good", "bad")
  .addEdge("bad", END)
  .compile();

/** Values that JSON does not know. */
export const strange = new StateGraph(Annotation.Root({ value: Annotation() }))
  .addNode("make", () => ({
    value: {
      when: new Date(0),
      nothing: undefined,
      text: "\u2028",
      nan: NaN,
    },
  }))
  .addEdge(START, "make")
  .addEdge("make", END)
  .compile();
