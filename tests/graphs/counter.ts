/**
 * Counts, in a way that shows everything that happens twice.
 *
 * Input: `{ "log": ["input"], "steps": 3, "ms": 0 }`. Both the input and every
 * step are appended to `log`, so an undisturbed run ends with
 * `["input", "step 0", "step 1", "step 2"]`. A second "input" is an input that
 * was applied again, a second "step 1" a step that was repeated after it was
 * saved. Later inputs on the thread go on counting.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { END, ReducedValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const STEPS_MAX = 1_000;

const CounterState = new StateSchema({
  steps: z.number().int().min(0).max(STEPS_MAX).default(3),
  ms: z.number().min(0).default(0),
  next: z.number().int().default(0),
  until: z.number().int().default(0),
  log: new ReducedValue(
    z.array(z.string()).default(() => []),
    { inputSchema: z.array(z.string()), reducer: (left: string[], right: string[]) => [...left, ...right] },
  ),
});

const more = ({ next, until }: typeof CounterState.State) => (next < until ? "step" : END);

export const graph = new StateGraph(CounterState)
  .addNode("begin", ({ next, steps }) => ({ until: next + steps }))
  .addNode("step", async ({ next, ms }, config) => {
    config.writer?.({ event: "started", step: next });
    if (ms > 0) await sleep(ms, undefined, config.signal === undefined ? {} : { signal: config.signal });
    return { next: next + 1, log: [`step ${next}`] };
  })
  .addEdge(START, "begin")
  .addConditionalEdges("begin", more, ["step", END])
  .addConditionalEdges("step", more, ["step", END])
  .compile()
  .withConfig({ recursionLimit: STEPS_MAX + 10 });
