import { MessagesValue, ReducedValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const State = new StateSchema({
  messages: MessagesValue,
  topic: z.string(),
  notes: new ReducedValue(
    z.array(z.string()).default(() => []),
    {
      inputSchema: z.string(),
      reducer: (old: string[], added: string) => [...old, added],
    },
  ),
});

export const graph = new StateGraph(State, z.object({ tone: z.string() }))
  .addNode("write", ({ topic }) => ({ notes: topic }))
  .addEdge(START, "write")
  .compile();
