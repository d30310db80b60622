/** Starts something that fails, does not wait for it, and ends well. */
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const ForgetfulState = new StateSchema({ done: z.boolean().default(false) });

export const graph = new StateGraph(ForgetfulState)
  .addNode("forget", () => {
    void Promise.reject(new Error("nobody waits for this"));
    return { done: true };
  })
  .addEdge(START, "forget")
  .addEdge("forget", END)
  .compile();
