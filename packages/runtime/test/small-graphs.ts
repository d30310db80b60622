/** The smallest graphs that do what a run can do, and a runner that has them all. */
import { AIMessageChunk } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { Annotation, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { runnerOf } from "./harness.js";

export const State = Annotation.Root({
  text: Annotation<string>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

export const steps = new StateGraph(State)
  .addNode("one", () => ({ log: ["one"] }))
  .addNode("two", (_state, config) => {
    config.writer?.({ note: "hello" });
    return { log: ["two"] };
  })
  .addEdge(START, "one")
  .addEdge("one", "two")
  .addEdge("two", END)
  .compile();

const asking = new StateGraph(State)
  .addNode("ask", () => ({ text: interrupt({ question: "name?" }) as string }))
  .addEdge(START, "ask")
  .addEdge("ask", END)
  .compile();

const child = new StateGraph(State)
  .addNode("inner", () => ({ log: ["inner"] }))
  .addEdge(START, "inner")
  .addEdge("inner", END)
  .compile();
const parent = new StateGraph(State).addNode("sub", child).addEdge(START, "sub").addEdge("sub", END).compile();

const model = new FakeStreamingChatModel({
  chunks: ["Hel", "lo"].map((content) => new AIMessageChunk({ id: "ai-1", content })),
});
const talking = new StateGraph(MessagesAnnotation)
  .addNode("talk", async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
  .addEdge(START, "talk")
  .addEdge("talk", END)
  .compile();

class CustomError extends Error {
  override readonly name = "CustomError";
}
const failing = new StateGraph(State)
  .addNode("fail", () => {
    throw new CustomError("Boo!");
  })
  .addEdge(START, "fail")
  .addEdge("fail", END)
  .compile();

export const runner = runnerOf({ steps, asking, parent, talking, failing });
