import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { runActive, runNotFound, threadNotFound } from "../errors.js";
import type { RunId, ThreadId } from "../ids.js";
import type { Page } from "../page.js";
import type { Storage } from "../storage.js";
import type { ForgetRun } from "./cancel-run.js";
import { type Run, type RunQuery, isTerminal } from "./run.js";

export interface ManageRunsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly forgetRun: ForgetRun;
}

/** Looking up, listing and removing runs. A run belongs to its thread: whoever may see the thread may see it. */
export function makeManageRuns({ storage, authorizer, forgetRun }: ManageRunsDeps) {
  return {
    /** `threadId` null finds the run on whatever thread it is. @throws DomainError `run_not_found`. */
    async getRun(runId: RunId, threadId: ThreadId | null, caller: Caller): Promise<Run> {
      const scope = await readingScope(runId, threadId, caller);
      return (await storage.runs.get(runId, threadId, scope)) ?? (await missing(threadId, scope));
    },

    /**
     * The run whose events or result a reader wants. A temporary run that is over is still there for a reader that lost
     * its connection: nobody else is shown its thread any more, but the ending is on the tape for a while.
     */
    async runToFollow(runId: RunId, threadId: ThreadId | null, caller: Caller): Promise<Run> {
      const scope = await readingScope(runId, threadId, caller);
      return (await storage.runs.getToRead(runId, threadId, scope)) ?? (await missing(threadId, scope));
    },

    /** Newest first. @throws DomainError `thread_not_found`. */
    async listRuns(threadId: ThreadId, query: RunQuery, caller: Caller): Promise<Page<Run>> {
      const { scope } = await authorizer.authorize(caller, "threads:search", { thread_id: threadId });
      const page = await storage.runs.list(threadId, query, scope);
      if (page.total === 0 && (await storage.threads.get(threadId, scope)) === null) throw threadNotFound(threadId);
      return page;
    },

    /** @throws DomainError `conflict` while the run is pending or running. */
    async deleteRun(runId: RunId, threadId: ThreadId, caller: Caller): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "threads:delete", { thread_id: threadId, run_id: runId });
      const run = await storage.runs.get(runId, threadId, scope);
      if (run === null) throw runNotFound();
      if (!isTerminal(run.status)) throw runActive(runId);
      await forgetRun(run, scope);
    },
  };

  async function readingScope(runId: RunId, threadId: ThreadId | null, caller: Caller): Promise<Scope> {
    const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: threadId, run_id: runId });
    return scope;
  }

  async function missing(threadId: ThreadId | null, scope: Scope): Promise<never> {
    if (threadId !== null && (await storage.threads.get(threadId, scope)) === null) throw threadNotFound(threadId);
    throw runNotFound();
  }
}

export type ManageRuns = ReturnType<typeof makeManageRuns>;
