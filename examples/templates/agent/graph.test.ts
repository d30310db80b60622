import { HumanMessage } from "@langchain/core/messages";
import { graph } from "./src/agent.js";

const ask = async (question: string) => {
  const { messages } = await graph.invoke({ messages: [new HumanMessage(question)] });
  return messages.map(({ text }) => text);
};

describe("the agent that a new project begins with", () => {
  test("looks the weather up before it answers", async () => {
    expect(await ask("What is the weather in Paris?")).toEqual([
      "What is the weather in Paris?",
      "",
      "Paris: windy, 17 °C",
      "I looked it up. Paris: windy, 17 °C.",
    ]);
  });

  test("tells what it heard otherwise", async () => {
    expect((await ask("Hello")).at(-1)).toBe("You said: Hello");
  });

  test("says its answer word by word", async () => {
    const words: string[] = [];
    const input = { messages: [new HumanMessage("one two")] };
    for await (const [chunk] of await graph.stream(input, { streamMode: "messages" })) words.push(chunk.text);

    expect(words).toEqual(["You ", "said: ", "one ", "two"]);
  });
});
