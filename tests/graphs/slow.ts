/**
 * Sleeps `ms`, and stops at once when the run is aborted.
 *
 * Custom events: `{ event: "started", mark }`, then `{ event: "finished", mark }`.
 * `mark` is the caller's own word, to tell runs apart. State: `finished` lists
 * the marks of the sleeps that were slept to their end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { END, ReducedValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const SlowState = new StateSchema({
  ms: z.number().default(1_000),
  mark: z.string().default(""),
  finished: new ReducedValue(
    z.array(z.string()).default(() => []),
    { inputSchema: z.array(z.string()), reducer: (left: string[], right: string[]) => [...left, ...right] },
  ),
});

export const graph = new StateGraph(SlowState)
  .addNode("sleep", async ({ ms, mark }, config) => {
    config.writer?.({ event: "started", mark });
    await sleep(ms, undefined, config.signal === undefined ? {} : { signal: config.signal });
    config.writer?.({ event: "finished", mark });
    return { finished: [mark] };
  })
  .addEdge(START, "sleep")
  .addEdge("sleep", END)
  .compile();
