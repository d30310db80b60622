/** Takes one good step, then throws an error with its own name. Input: `message` of the error, default "Boo!". */
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

class CustomError extends Error {
  override readonly name = "CustomError";
}

const FailingState = new StateSchema({
  message: z.string().default("Boo!"),
  prepared: z.boolean().default(false),
});

export const graph = new StateGraph(FailingState)
  .addNode("prepare", () => ({ prepared: true }))
  .addNode("fail", ({ message }) => {
    throw new CustomError(message);
  })
  .addEdge(START, "prepare")
  .addEdge("prepare", "fail")
  .addEdge("fail", END)
  .compile();
