import { HumanMessage, type BaseMessage } from "@langchain/core/messages";
import type { Script } from "../model/scripted-chat-model.js";

const lastHuman = (messages: readonly BaseMessage[]) =>
  messages.findLast((message) => HumanMessage.isInstance(message))?.text ?? "";

/** Three angles from which anything can be looked at. */
export const planScript: Script = (messages) => {
  const question = lastHuman(messages);
  return { text: ["history", "present", "future"].map((angle) => `${question}: ${angle}`).join("\n") };
};

export const noteScript: Script = (messages) => {
  const topic = lastHuman(messages);
  return { text: `On "${topic}" the sources agree on ${topic.length} things and differ on one.` };
};

export const reportScript: Script = (messages) => {
  const notes = lastHuman(messages);
  return { text: `Here is what I found.\n${notes}\nThat is the whole picture, as far as a script can see it.` };
};
