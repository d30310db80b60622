import type { Scope } from "../auth/scope.js";
import type { ThreadId } from "../ids.js";
import type { Storage } from "../storage.js";
import type { CancelAction } from "./run.js";
import type { CancelledRun, InflightRun } from "./run-repository.js";

/**
 * Marks runs of a thread for cancelling: those in flight, as of the thread's lock, that `which` picks. A thread that has
 * nothing left in flight comes to rest as its last ending left it.
 *
 * @returns what became of each; null when the caller has no such thread.
 */
export async function markCancelled(
  storage: Storage,
  threadId: ThreadId,
  { which, action, scope }: { which: (run: InflightRun) => boolean; action: CancelAction; scope: Scope },
): Promise<readonly CancelledRun[] | null> {
  return await storage.transaction(async (tx) => {
    const thread = await tx.threads.lock(threadId, scope);
    if (thread === null) return null;
    const inflight = await tx.runs.inflight(threadId);
    const wanted = inflight.filter(which).map(({ id }) => id);
    const cancelled = await tx.runs.requestCancel(wanted, action);

    const over = cancelled.filter(({ state }) => state === "done").length;
    if (inflight.length === over && thread.status === "busy") await tx.threads.rest(threadId);
    return cancelled;
  });
}
