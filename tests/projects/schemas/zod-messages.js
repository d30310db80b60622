import { MessagesZodState, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod/v3";

export const graph = new StateGraph(MessagesZodState.extend({ summary: z.string().optional() }))
  .addNode("say", () => ({ summary: "nothing" }))
  .addEdge(START, "say")
  .compile();
