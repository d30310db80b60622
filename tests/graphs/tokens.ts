/** A model that streams `count` tokens, `ms` apart: "t0 t1 t2 …". */
import { END, MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";
import { TokenModel } from "./token-model.js";

const TokensState = new StateSchema({
  messages: MessagesValue,
  count: z.number().int().min(0).default(10),
  ms: z.number().min(0).default(0),
});

export const graph = new StateGraph(TokensState)
  .addNode("model", async ({ messages, count, ms }, config) => ({
    messages: [await new TokenModel(count, ms).invoke(messages, config)],
  }))
  .addEdge(START, "model")
  .addEdge("model", END)
  .compile();
