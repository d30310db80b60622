/** A chat whose answers are as long as its questions, with or without a window: how much a thread grows. */
import { randomBytes } from "node:crypto";
import { AIMessage, HumanMessage, RemoveMessage } from "@langchain/core/messages";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

/** Text that does not compress much below its length. */
export const kilobyte = () => randomBytes(768).toString("base64");

const State = Annotation.Root({ ...MessagesAnnotation.spec, window: Annotation() });

export const graph = new StateGraph(State)
  .addNode("trim", ({ messages, window }) => ({
    messages: messages.slice(0, -(window - 1)).map(({ id }) => new RemoveMessage({ id: id ?? "" })),
  }))
  .addNode("answer", () => ({ messages: [new AIMessage(kilobyte())] }))
  .addEdge(START, "trim")
  .addEdge("trim", "answer")
  .addEdge("answer", END)
  .compile();

/** The input of a turn: a question of a kilobyte, and how many messages the chat remembers. */
export const turn = (window) => ({ messages: [new HumanMessage(kilobyte()).toDict()], window });
