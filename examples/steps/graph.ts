/**
 * steps: takes `steps` steps of `ms` milliseconds and writes down each one.
 *
 * Made for watching durability. Start it, kill the worker that executes it,
 * and read the state: `done` holds every step exactly once, because the run
 * goes on from its last checkpoint and not from its input. A second input on
 * the same thread adds its steps behind the first ones.
 *
 * Input: `{ "steps": 5, "ms": 300 }`, and `fail_at` to fail at a step.
 * Every step also writes `{ step, of }` to the `custom` stream.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { END, ReducedValue, START, StateGraph, StateSchema, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";

const STEPS_MAX = 1_000;

const StepsState = new StateSchema({
  steps: z.number().int().min(1).max(STEPS_MAX).default(5).describe("How many steps to take"),
  ms: z.number().min(0).max(60_000).default(300).describe("How long each step takes, in milliseconds"),
  fail_at: z.number().int().nullable().default(null).describe("The step of this input that fails"),
  first: z.number().int().default(1).describe("Number of the first step of the latest input"),
  done: new ReducedValue(
    z.array(z.number()).default(() => []),
    { inputSchema: z.array(z.number()), reducer: (left: number[], right: number[]) => [...left, ...right] },
  ),
});

type State = typeof StepsState.State;

/** Fixes where this input starts counting, so that a run that is picked up again keeps its goal. */
const begin = ({ done }: State) => ({ first: done.length + 1 });

async function step({ steps, ms, fail_at, first, done }: State, config: LangGraphRunnableConfig) {
  const number = done.length + 1;
  if (number - first + 1 === fail_at) throw new Error(`Step ${fail_at} failed, as the input asked`);

  await sleep(ms, undefined, config.signal === undefined ? {} : { signal: config.signal });
  config.writer?.({ step: number, of: first + steps - 1 });

  return { done: [number] };
}

const more = ({ steps, first, done }: State) => (done.length < first + steps - 1 ? "step" : END);

export const graph = new StateGraph(StepsState)
  .addNode("begin", begin)
  .addNode("step", step)
  .addEdge(START, "begin")
  .addConditionalEdges("begin", more, ["step", END])
  .addConditionalEdges("step", more, ["step", END])
  .compile()
  .withConfig({ recursionLimit: STEPS_MAX + 10 });
