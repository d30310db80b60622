import { MessagesZodMeta, START, StateGraph } from "@langchain/langgraph";
import { registry, withLangGraph } from "@langchain/langgraph/zod";
import type { BaseMessage } from "@langchain/core/messages";
import { z } from "zod";

const State = z.object({
  messages: z.custom<BaseMessage[]>().register(registry, MessagesZodMeta),
  notes: withLangGraph(z.array(z.string()), {
    reducer: {
      fn: (old: string[], added: string | string[]) => old.concat(added),
      schema: z.union([z.string(), z.array(z.string())]),
    },
    default: () => [],
    jsonSchemaExtra: { langgraph_notes: true },
  }),
});
const Context = z.object({
  model: z.string().register(registry, { jsonSchemaExtra: { langgraph_nodes: ["write"], langgraph_type: "prompt" } }),
});

export const graph = new StateGraph(State, Context)
  .addNode("write", () => ({ notes: "one" }))
  .addEdge(START, "write")
  .compile();
