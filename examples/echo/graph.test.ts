import { HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import { graph } from "./graph.js";

test("echo answers with the last human message of the thread", async () => {
  graph.checkpointer = new MemorySaver();
  const config = { configurable: { thread_id: "one" } };

  await graph.invoke({ messages: [new HumanMessage("first")] }, config);
  const { messages } = await graph.invoke({ messages: [new HumanMessage("second")] }, config);

  expect(messages.map((message) => message.text)).toEqual(["first", "first", "second", "second"]);
});
