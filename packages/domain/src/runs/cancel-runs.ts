import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { runNotFound, threadNotFound } from "../errors.js";
import type { RunId, ThreadId } from "../ids.js";
import type { Storage } from "../storage.js";
import type { ForgetRun } from "./cancel-run.js";
import { markCancelled } from "./mark-cancelled.js";
import { type CancelAction, isTerminal, type Run } from "./run.js";
import type { ActiveRun, ActiveStatus } from "./run-repository.js";
import type { Signals } from "./signal-changes.js";

export interface CancelRunsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly forgetRun: ForgetRun;
}

/** How many runs are looked up at a time; a server may have more of them than fit into memory. */
const PAGE = 500;

/** Cancels many runs with one call, in the way `CancelRun` cancels one. Does not wait for those that execute. */
export function makeCancelRuns({ storage, authorizer, signals, forgetRun }: CancelRunsDeps) {
  return {
    /**
     * Cancels these runs of one thread. Ids that name no run of the thread are passed over.
     * @throws DomainError `thread_not_found`; `run_not_found` when none of the ids names one; `thread_busy` when a finished
     * run cannot be removed yet. The others are cancelled all the same.
     */
    async listed(
      { threadId, runIds, action }: { threadId: ThreadId; runIds: readonly RunId[]; action: CancelAction },
      caller: Caller,
    ): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "threads:update", {
        thread_id: threadId,
        run_ids: runIds,
        action,
      });
      const named = new Set(runIds);
      const cancelled = await markCancelled(storage, threadId, { which: ({ id }) => named.has(id), action, scope });
      if (cancelled === null) throw threadNotFound(threadId);
      await signals.announce({ cancelled });

      const taken = new Set(cancelled.map(({ runId }) => runId));
      const over = await found(
        [...named].filter((id) => !taken.has(id)),
        threadId,
        scope,
      );
      if (taken.size === 0 && over.length === 0) throw runNotFound();
      if (action === "rollback") for (const run of over) if (isTerminal(run.status)) await forgetRun(run, scope);
    },

    /** Cancels every run that the caller may see and that is in this status now. None is fine. */
    async inStatus({ status, action }: { status: ActiveStatus; action: CancelAction }, caller: Caller): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "threads:update", { status, action });
      // Newest first: what is created meanwhile is not among it, and a waiting run goes before the one it waits for.
      let before: number | null = null;
      for (;;) {
        const page: readonly ActiveRun[] = await storage.runs.active({ status, before, limit: PAGE }, scope);
        for (const [threadId, ids] of byThread(page)) {
          const which = (run: { id: RunId; status: string }) =>
            ids.has(run.id) && (status === "all" || run.status === status);
          const cancelled = await markCancelled(storage, threadId, { which, action, scope });
          if (cancelled !== null) await signals.announce({ cancelled });
        }
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) return;
        before = last.seq;
      }
    },
  };

  async function found(ids: readonly RunId[], threadId: ThreadId, scope: Scope): Promise<readonly Run[]> {
    const runs: Run[] = [];
    for (const id of ids) {
      const run = await storage.runs.get(id, threadId, scope);
      if (run !== null) runs.push(run);
    }
    return runs;
  }
}

export type CancelRuns = ReturnType<typeof makeCancelRuns>;

function byThread(runs: readonly ActiveRun[]): ReadonlyMap<ThreadId, ReadonlySet<RunId>> {
  const threads = new Map<ThreadId, Set<RunId>>();
  for (const { threadId, runId } of runs) {
    const known = threads.get(threadId);
    if (known === undefined) threads.set(threadId, new Set([runId]));
    else known.add(runId);
  }
  return threads;
}
