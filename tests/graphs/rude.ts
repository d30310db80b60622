/**
 * Does to its process what a node must not do: `{ "how": "exit" }` or `"kill"` ends it, `{ "how": "throw" }` throws where nobody can
 * catch it. Then it waits until it is told to stop.
 */
import { once } from "node:events";
import { END, type LangGraphRunnableConfig, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const RudeState = new StateSchema({ how: z.enum(["exit", "kill", "throw"]).default("exit") });

export const graph = new StateGraph(RudeState)
  .addNode("act", async ({ how }, { signal }: LangGraphRunnableConfig) => {
    if (how === "exit") process.exit(7);
    if (how === "kill") process.kill(process.pid, "SIGKILL");
    setImmediate(() => {
      throw new Error("thrown out of nowhere");
    });
    if (signal !== undefined) await once(signal, "abort");
    return {};
  })
  .addEdge(START, "act")
  .addEdge("act", END)
  .compile();
