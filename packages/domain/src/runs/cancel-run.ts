import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { runNotFound, threadNotFound, threadStateBusy } from "../errors.js";
import type { GraphStates } from "../graphs/graph-engine.js";
import type { RunId, ThreadId } from "../ids.js";
import type { Storage } from "../storage.js";
import { threadStatus } from "../threads/thread-status.js";
import type { FollowRun } from "./follow-run.js";
import { markCancelled } from "./mark-cancelled.js";
import { type CancelAction, type Run, isTerminal } from "./run.js";
import type { Signals } from "./signal-changes.js";

export interface CancelRunDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly followRun: FollowRun;
  readonly forgetRun: ForgetRun;
}

/** Removes a finished run with what it wrote, and brings its thread's row up to date. */
export type ForgetRun = (run: Run, scope: Scope) => Promise<void>;

export interface CancelRequest {
  readonly threadId: ThreadId;
  readonly runId: RunId;
  readonly action: CancelAction;
  /** Return only when the run is over. */
  readonly wait: boolean;
}

/**
 * Cancels a run. The wish is a column first, so it holds whatever dies; the hint only makes it quick. A run that waits
 * ends at once; one that executes ends when its worker has put it down. Cancelling a finished run changes nothing,
 * except that a rollback still removes it.
 */
export function makeCancelRun({ storage, authorizer, signals, followRun, forgetRun }: CancelRunDeps) {
  return async function cancelRun(request: CancelRequest, caller: Caller, signal: AbortSignal): Promise<void> {
    const { threadId, runId, action } = request;
    const { scope } = await authorizer.authorize(caller, "threads:update", {
      thread_id: threadId,
      run_id: runId,
      action,
    });

    const run = await storage.runs.get(runId, threadId, scope);
    if (run === null) throw runNotFound();
    if (isTerminal(run.status)) {
      if (action === "rollback") await forgetRun(run, scope);
      return;
    }

    const cancelled = await markCancelled(storage, threadId, { which: ({ id }) => id === runId, action, scope });
    if (cancelled === null) throw threadNotFound(threadId);
    await signals.announce({ cancelled });
    // It ended just before we took the lock.
    if (cancelled.length === 0 && action === "rollback") return await forgetIfOver(request, scope);
    if (request.wait && cancelled.some(({ state }) => state !== "done")) await untilOver(run, signal);
  };

  async function forgetIfOver({ runId, threadId }: CancelRequest, scope: Scope): Promise<void> {
    const run = await storage.runs.get(runId, threadId, scope);
    if (run !== null && isTerminal(run.status)) await forgetRun(run, scope);
  }

  async function untilOver(run: Run, signal: AbortSignal): Promise<void> {
    const events = followRun(run, { afterEvent: Number.MAX_SAFE_INTEGER, signal });
    while ((await events.next()).done !== true);
  }
}

export type CancelRun = ReturnType<typeof makeCancelRun>;

/**
 * Makes `ForgetRun`. The thread goes back to its newest checkpoint that is left.
 *
 * Not while another run of the thread waits or executes: it may build on what would be removed. And the state is read
 * after the removal, without the lock; when somebody wrote in between, the row is theirs to bring up to date.
 */
export function makeForgetRun(deps: {
  readonly storage: Storage;
  readonly states: Pick<GraphStates, "get">;
}): ForgetRun {
  const { storage, states } = deps;

  return async function forgetRun(run, scope) {
    const { config } = await storage.transaction(async (tx) => {
      const thread = await tx.threads.lock(run.threadId, scope);
      if (thread === null) throw threadNotFound(run.threadId);
      if ((await tx.runs.inflight(run.threadId)).length > 0) throw threadStateBusy();
      await tx.runs.delete(run.id, run.threadId);
      return thread;
    });

    const state = await states.get({ id: run.threadId, graphId: run.spec.graphId, config }, { subgraphs: false });
    await storage.transaction(async (tx) => {
      const locked = await tx.threads.lock(run.threadId, scope);
      if (locked === null || (await tx.runs.inflight(run.threadId)).length > 0) return;
      if ((await tx.checkpoints.head(run.threadId, "")) !== (state.checkpoint?.checkpointId ?? null)) return;
      const interrupts = Object.fromEntries(
        state.tasks.filter((task) => task.interrupts.length > 0).map((task) => [task.id, task.interrupts]),
      );
      const ending = state.next.length > 0 ? "paused" : "completed";
      await tx.threads.saveState(run.threadId, { values: state.values, interrupts }, threadStatus(0, ending));
    });
  };
}
