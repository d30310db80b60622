import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { tool } from "@langchain/core/tools";
import { z } from "zod";

const weather = tool(async ({ city }) => `${city}: windy`, {
  name: "weather",
  description: "The weather of a city.",
  schema: z.object({ city: z.string() }),
});

class Rehearsed extends FakeListChatModel {
  override bindTools(): this {
    return this;
  }
}

export const graph = createReactAgent({ llm: new Rehearsed({ responses: ["windy"] }), tools: [weather] });
