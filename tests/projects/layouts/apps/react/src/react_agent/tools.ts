import { tool } from "@langchain/core/tools";
import { interrupt } from "@langchain/langgraph";
import { z } from "zod";

const search = tool(async ({ query }) => `results for ${query}`, {
  name: "search",
  description: "Searches.",
  schema: z.object({ query: z.string() }),
});

const send = tool(
  async ({ to }) => {
    const answer = interrupt({ action: "send", to }) as string;
    return answer === "yes" ? `sent to ${to}` : "not sent";
  },
  { name: "send", description: "Sends, if somebody agrees.", schema: z.object({ to: z.string() }) },
);

export const TOOLS = [search, send];
