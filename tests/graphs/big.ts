/** Returns a state whose `payload` is `bytes` long, in ASCII. */
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const BigState = new StateSchema({
  bytes: z
    .number()
    .int()
    .min(0)
    .max(64 * 1024 * 1024)
    .default(1_000),
  payload: z.string().default(""),
});

export const graph = new StateGraph(BigState)
  .addNode("grow", ({ bytes }) => ({ payload: "x".repeat(bytes) }))
  .addEdge(START, "grow")
  .addEdge("grow", END)
  .compile();
