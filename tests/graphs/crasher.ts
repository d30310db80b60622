/**
 * Kills the process that executes it, as an exhausted memory would: no handler runs, and nobody
 * can refuse it.
 *
 * Input: `{ "crashes": 2 }` kills that many attempts; the next one ends well. The attempt's number is in the run's
 * metadata, so nothing has to be kept between the lives.
 */
import { execFileSync } from "node:child_process";
import { END, type LangGraphRunnableConfig, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const CrasherState = new StateSchema({
  crashes: z.number().int().min(0).default(1),
  survived: z.boolean().default(false),
});

export const graph = new StateGraph(CrasherState)
  .addNode("crash", ({ crashes }, config: LangGraphRunnableConfig) => {
    const attempt = Number(config.metadata?.["run_attempt"] ?? 1);
    if (attempt <= crashes) execFileSync("kill", ["-KILL", String(process.pid)]);
    return { survived: true };
  })
  .addEdge(START, "crash")
  .addEdge("crash", END)
  .compile();
