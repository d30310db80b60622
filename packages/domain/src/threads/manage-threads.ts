import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { alreadyExists, threadNotFound, threadToPatchNotFound } from "../errors.js";
import type { Ids, ThreadId } from "../ids.js";
import type { JsonObject } from "../json.js";
import type { Page } from "../page.js";
import type { Signals } from "../runs/signal-changes.js";
import type { StreamBus } from "../runs/tape.js";
import type { Storage } from "../storage.js";
import type { Thread, ThreadFilter, ThreadQuery } from "./thread.js";

export interface ManageThreadsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly bus: Pick<StreamBus, "remove">;
  readonly ids: Ids;
}

export interface CreateThreadRequest {
  readonly id: ThreadId | null;
  readonly metadata: JsonObject;
  readonly ifExists: "raise" | "do_nothing";
}

/** Making, finding, changing and removing threads. */
export function makeManageThreads({ storage, authorizer, signals, bus, ids }: ManageThreadsDeps) {
  return {
    /** @throws DomainError `already_exists` when the id is taken, by anybody. */
    async createThread(request: CreateThreadRequest, caller: Caller): Promise<Thread> {
      const id = request.id ?? ids.thread();
      const { scope, value } = await authorizer.authorize(caller, "threads:create", {
        thread_id: id,
        metadata: request.metadata,
        if_exists: request.ifExists,
      });
      const made = await storage.threads.insert({ id, metadata: value.metadata });
      if (made !== null) return made;

      const existing = request.ifExists === "do_nothing" ? await storage.threads.get(id, scope) : null;
      if (existing === null) throw alreadyExists("Thread");
      return existing;
    },

    async getThread(id: ThreadId, caller: Caller): Promise<Thread> {
      const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: id });
      const thread = await storage.threads.get(id, scope);
      if (thread === null) throw threadNotFound(id);
      return thread;
    },

    async searchThreads(query: ThreadQuery, caller: Caller): Promise<Page<Partial<Thread>>> {
      const { scope } = await authorizer.authorize(caller, "threads:search", {
        metadata: query.metadata ?? {},
        status: query.status ?? null,
        limit: query.limit,
        offset: query.offset,
      });
      return await storage.threads.search(query, scope);
    },

    async countThreads(filter: ThreadFilter, caller: Caller): Promise<number> {
      const { scope } = await authorizer.authorize(caller, "threads:search", {
        metadata: filter.metadata ?? {},
        status: filter.status ?? null,
      });
      return await storage.threads.count(filter, scope);
    },

    async patchThread(id: ThreadId, patch: { readonly metadata: JsonObject }, caller: Caller): Promise<Thread> {
      const { scope, value } = await authorizer.authorize(caller, "threads:update", {
        thread_id: id,
        metadata: patch.metadata,
      });
      const thread = await storage.threads.patch(id, { metadata: value.metadata }, scope);
      if (thread === null) throw threadToPatchNotFound();
      return thread;
    },

    /** Removes a thread and all it has. Runs in flight are put down: their rows are gone, so nothing they write counts. */
    async deleteThread(id: ThreadId, caller: Caller): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "threads:delete", { thread_id: id });
      const inflight = await storage.transaction(async (tx) => {
        if ((await tx.threads.lock(id, scope)) === null) throw threadNotFound(id);
        const runs = await tx.runs.inflight(id);
        await tx.threads.delete(id, scope);
        return runs;
      });

      await bus.remove(id);
      await signals.announce({
        cancelled: inflight.map((run) => ({
          runId: run.id,
          threadId: id,
          state: run.status === "running" ? "marked" : "done",
          ring: null,
        })),
      });
    },
  };
}

export type ManageThreads = ReturnType<typeof makeManageThreads>;
