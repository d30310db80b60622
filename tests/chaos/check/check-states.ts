import type { HistoryEvent } from "../history.js";
import { byThread, type Facts, type RunFact, type Violation } from "./facts.js";

const isStep = (word: string): boolean => word.startsWith("step ");

/**
 * I4, I10: at rest the log of a thread is what undisturbed runs would have left. Steps count up from 0 without a gap or
 * a repetition, every input is there once and in the order of the runs, and behind the input of a run that succeeded
 * stand all its steps.
 */
export function logsAreExact(_history: readonly HistoryEvent[], { runs, threads }: Facts): Violation[] {
  const rule = "I10 inputs and steps are applied once";
  const runsOf = byThread(runs);
  return threads.flatMap(({ thread, log }) => {
    const onThread = (runsOf.get(thread) ?? []).filter(({ mark }) => mark !== null);
    return wrongs(log ?? [], onThread).map((text) => ({ rule, text: `thread ${thread}: ${text}` }));
  });
}

function wrongs(log: readonly string[], runs: readonly RunFact[]): string[] {
  const found: string[] = [];
  const steps = log.filter(isStep);
  const expected = steps.map((_, i) => `step ${i}`);
  if (steps.join() !== expected.join()) found.push(`steps are ${steps.join(", ")}`);

  const marks = log.filter((word) => !isStep(word));
  const order = runs.map(({ mark }) => mark).filter((mark) => mark !== null && marks.includes(mark));
  if (marks.join() !== order.join()) found.push(`inputs are ${marks.join(", ")}; expected ${order.join(", ")}`);

  for (const run of runs) {
    const taken = stepsBehind(log, run.mark ?? "");
    if (run.status === "success" && taken !== run.steps)
      found.push(`run ${run.run} (${run.mark}) succeeded with ${taken ?? "no input and no"} of ${run.steps} steps`);
    if (run.status !== "success" && (taken ?? 0) > run.steps) found.push(`run ${run.run} took ${taken} steps`);
  }
  return found;
}

/** How many steps follow an input; null when it is not there. */
function stepsBehind(log: readonly string[], mark: string): number | null {
  const at = log.indexOf(mark);
  if (at === -1) return null;
  const rest = log.slice(at + 1);
  const next = rest.findIndex((word) => !isStep(word));
  return next === -1 ? rest.length : next;
}

/** I5: a thread's status is what its last run left behind. */
export function statusesFollowRuns(_history: readonly HistoryEvent[], { runs, threads }: Facts): Violation[] {
  const rule = "I5 thread status follows its runs";
  const runsOf = byThread(runs);
  return threads.flatMap(({ thread, status }) => {
    const onThread = runsOf.get(thread) ?? [];
    const expected = statusOf(onThread);
    return status === expected ? [] : [{ rule, text: `thread ${thread} is ${status}, not ${expected}` }];
  });
}

function statusOf(runs: readonly RunFact[]): string {
  if (runs.some(({ status }) => status === "pending" || status === "running")) return "busy";
  const last = runs.at(-1)?.status;
  return last === "error" || last === "timeout" ? "error" : "idle";
}

/** Who waited got the state as it was right after the run. */
export function answersAreRight(history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "waiters get the answer";
  const rows = new Map(runs.map((run) => [run.run, run]));
  return history.flatMap((event) => {
    if (event.kind !== "answered") return [];
    const steps = event.log === null ? null : stepsBehind(event.log, event.mark);
    const wanted = rows.get(event.run)?.steps;
    return steps === wanted ? [] : [{ rule, text: `run ${event.run} was answered with ${JSON.stringify(event.log)}` }];
  });
}
