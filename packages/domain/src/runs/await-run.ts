import type { GraphStates } from "../graphs/graph-engine.js";
import type { Storage } from "../storage.js";
import type { FollowRun } from "./follow-run.js";
import type { Run } from "./run.js";

export interface AwaitRunDeps {
  readonly followRun: FollowRun;
  readonly recallOutput: RecallOutput;
}

/** Waits for the end of a run. Resolves with the body that `wait` and `join` answer, as JSON; null when `signal` aborted. */
export function makeAwaitRun({ followRun, recallOutput }: AwaitRunDeps) {
  return async function awaitRun(run: Run, signal: AbortSignal): Promise<string | null> {
    const ended = await skipToEnd(run, signal);
    if (ended === null) return null;
    return ended.end?.output ?? (await recallOutput(run));
  };

  async function skipToEnd(run: Run, signal: AbortSignal) {
    const events = followRun(run, { afterEvent: Number.MAX_SAFE_INTEGER, signal });
    for (;;) {
      const step = await events.next();
      if (step.done === true) return step.value;
    }
  }
}

export interface RecallOutputDeps {
  readonly storage: Storage;
  readonly states: Pick<GraphStates, "output">;
}

/**
 * The answer of `wait` when the tape is gone or never was: what the ledger and the checkpoints know of a run that ended.
 * JSON with `__error__` for one that failed, `__interrupt__` for one that asks.
 */
export function makeRecallOutput({ storage, states }: RecallOutputDeps) {
  return async function recallOutput({ id }: Pick<Run, "id">): Promise<string> {
    const run = await storage.runs.find(id);
    if (run === null) return "{}";
    if (run.error !== null) return JSON.stringify({ __error__: run.error });

    // A run whose worker died, and that was ended without one, has no checkpoint on record. Its thread's row knows the
    // values of before; what it did is in the thread's newest checkpoint.
    const hasBegun = run.checkpointId !== null || run.startedAt !== null;
    if (hasBegun && !run.spec.temporary) {
      const thread = { id: run.threadId, graphId: run.spec.graphId, config: run.spec.config };
      return await states.output(thread, run.checkpointId);
    }
    return JSON.stringify((await storage.threads.valuesOf(run.threadId)) ?? {});
  };
}

export type AwaitRun = ReturnType<typeof makeAwaitRun>;
export type RecallOutput = ReturnType<typeof makeRecallOutput>;
