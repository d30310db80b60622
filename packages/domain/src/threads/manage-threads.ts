import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { alreadyExists, threadNotFound, threadToCopyNotFound, threadToPatchNotFound } from "../errors.js";
import type { GraphStates } from "../graphs/graph-engine.js";
import type { Ids, ThreadId } from "../ids.js";
import { type JsonObject, objectOrEmpty } from "../json.js";
import type { Page } from "../page.js";
import type { Signals } from "../runs/signal-changes.js";
import type { StreamBus } from "../runs/tape.js";
import type { Storage } from "../storage.js";
import { makeCreateThread, ttlValue } from "./create-thread.js";
import type { FoundThread, Thread, ThreadFilter, ThreadPatch, ThreadQuery, TtlStrategy } from "./thread.js";

export interface ManageThreadsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly states: Pick<GraphStates, "prepareSupersteps">;
  readonly signals: Signals;
  readonly bus: Pick<StreamBus, "remove">;
  readonly ids: Ids;
}

/** Making, finding, changing, copying and removing threads. */
export function makeManageThreads(deps: ManageThreadsDeps) {
  const { storage, authorizer, signals, bus, ids } = deps;

  return {
    createThread: makeCreateThread(deps),

    async getThread(id: ThreadId, caller: Caller): Promise<Thread> {
      const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: id });
      const thread = await storage.threads.get(id, scope);
      if (thread === null) throw threadNotFound(id);
      return thread;
    },

    async searchThreads(query: ThreadQuery, caller: Caller): Promise<Page<FoundThread>> {
      const { scope, value } = await authorizer.authorize(caller, "threads:search", {
        ...filterValue(query),
        limit: query.limit,
        offset: query.offset,
      });
      return await storage.threads.search({ ...query, metadata: objectOrEmpty(value.metadata) }, scope);
    },

    async countThreads(filter: ThreadFilter, caller: Caller): Promise<number> {
      const { scope, value } = await authorizer.authorize(caller, "threads:search", filterValue(filter));
      return await storage.threads.count({ ...filter, metadata: objectOrEmpty(value.metadata) }, scope);
    },

    async patchThread(id: ThreadId, patch: ThreadPatch, caller: Caller): Promise<Thread> {
      const { scope, value } = await authorizer.authorize(caller, "threads:update", {
        thread_id: id,
        metadata: patch.metadata,
        ...(patch.ttl === undefined ? {} : { ttl: ttlValue(patch.ttl) }),
      });
      const thread = await storage.threads.patch(id, { ...patch, metadata: objectOrEmpty(value.metadata) }, scope);
      if (thread === null) throw threadToPatchNotFound();
      return thread;
    },

    /**
     * A new thread with the state and the history of this one, but not its runs. Of a run in flight it has what is
     * written so far.
     *
     * @throws DomainError `conflict` when there is no such thread.
     */
    async copyThread(id: ThreadId, caller: Caller): Promise<Thread> {
      const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: id });
      const source = await storage.threads.peek(id, scope);
      if (source === null) throw threadToCopyNotFound();

      const copyId = ids.thread();
      const { value } = await authorizer.authorize(caller, "threads:create", {
        thread_id: copyId,
        metadata: { ...source.metadata, thread_id: copyId },
        if_exists: "raise",
      });
      const copy = await storage.threads.copy(id, { id: copyId, metadata: objectOrEmpty(value.metadata) }, scope);
      if (copy === null)
        throw (await storage.threads.peek(id, scope)) ? alreadyExists("Thread") : threadToCopyNotFound();
      return copy;
    },

    /** Removes a thread and all it has. Runs in flight are put down: their rows are gone, so nothing they write counts. */
    async deleteThread(id: ThreadId, caller: Caller): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "threads:delete", { thread_id: id });
      if (!(await remove(id, scope))) throw threadNotFound(id);
    },

    /**
     * Removes threads, or only their past. Threads that are not there are left out, and so are busy ones whose past is
     * wanted gone: their runs may still need it. @returns how many were pruned.
     */
    async pruneThreads(wanted: readonly ThreadId[], strategy: TtlStrategy, caller: Caller): Promise<number> {
      let pruned = 0;
      for (const id of new Set(wanted)) {
        const { scope } = await authorizer.authorize(caller, "threads:delete", { thread_id: id });
        if (await (strategy === "delete" ? remove(id, scope) : forgetPast(id, scope))) pruned += 1;
      }
      return pruned;
    },
  };

  async function remove(id: ThreadId, scope: Scope): Promise<boolean> {
    const inflight = await storage.transaction(async (tx) => {
      if ((await tx.threads.lock(id, scope)) === null) return null;
      const runs = await tx.runs.inflight(id);
      await tx.threads.delete(id, scope);
      return runs;
    });
    if (inflight === null) return false;

    await bus.remove(id);
    await signals.announce({
      cancelled: inflight.map((run) => ({
        runId: run.id,
        threadId: id,
        state: run.status === "running" ? "marked" : "done",
        ring: null,
      })),
    });
    return true;
  }

  async function forgetPast(id: ThreadId, scope: Scope): Promise<boolean> {
    return await storage.transaction(async (tx) => {
      if ((await tx.threads.lock(id, scope)) === null) return false;
      if ((await tx.runs.inflight(id)).length > 0) return false;
      await tx.checkpoints.keepLatest(id);
      return true;
    });
  }
}

export type ManageThreads = ReturnType<typeof makeManageThreads>;

/** A filter in wire names, for authorization handlers. */
const filterValue = ({
  metadata,
  values,
  status,
  ids,
}: ThreadFilter): { readonly metadata: JsonObject } & JsonObject => ({
  metadata: metadata ?? {},
  status: status ?? null,
  ...(values === undefined ? {} : { values }),
  ...(ids === undefined ? {} : { ids }),
});
