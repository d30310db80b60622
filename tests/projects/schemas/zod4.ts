import { START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";

const State = z.object({
  question: z.string().describe("what to look up"),
  answers: z.array(z.string()).default(() => []),
  tries: z.number().int().optional(),
});
const Context = z.object({ model: z.enum(["small", "large"]).default("small"), limit: z.number().optional() });

export const graph = new StateGraph(State, Context)
  .addNode("look", ({ question }) => ({ answers: [`about ${question}`] }))
  .addEdge(START, "look")
  .compile();
