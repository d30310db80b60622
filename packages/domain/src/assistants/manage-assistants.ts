import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { alreadyExists, assistantNotFound, assistantVersionNotFound, DomainError, graphNotFound } from "../errors.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import type { AssistantId, Ids, ThreadId } from "../ids.js";
import { isObject, type JsonObject, objectOrEmpty } from "../json.js";
import type { Page, PageRequest } from "../page.js";
import type { Storage } from "../storage.js";
import type { ManageThreads } from "../threads/manage-threads.js";
import type {
  Assistant,
  AssistantFilter,
  AssistantPatch,
  AssistantQuery,
  AssistantVersion,
  NewAssistant,
} from "./assistant.js";
import { assistantIdOf } from "./resolve-assistant.js";

export interface ManageAssistantsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly graphs: GraphCatalog;
  readonly ids: Ids;
  readonly manageThreads: Pick<ManageThreads, "deleteThread">;
}

/** How many threads one look at the ledger brings when an assistant goes with its threads. */
const THREADS_AT_ONCE = 100;

export interface CreateAssistantRequest extends Omit<NewAssistant, "id"> {
  readonly id: AssistantId | null;
  readonly ifExists: "raise" | "do_nothing";
}

/** Assistants and their versions. Everywhere, a graph id stands for the graph's system assistant. */
export function makeManageAssistants({ storage, authorizer, graphs, ids, manageThreads }: ManageAssistantsDeps) {
  const { assistants } = storage;

  return {
    /** @throws DomainError `already_exists` when the id is taken, by anybody; `graph_not_found`. */
    async createAssistant(request: CreateAssistantRequest, caller: Caller): Promise<Assistant> {
      mustKnow(request.graphId);
      const { ifExists, ...wanted } = request;
      const id = request.id ?? ids.assistant();
      const { scope, value } = await authorizer.authorize(caller, "assistants:create", {
        assistant_id: id,
        graph_id: wanted.graphId,
        config: wanted.config,
        context: wanted.context,
        metadata: wanted.metadata,
        name: wanted.name,
        description: wanted.description,
        if_exists: ifExists,
      });
      const made = await assistants.insert({
        ...wanted,
        id,
        config: objectOrEmpty(value.config),
        context: value.context ?? wanted.context,
        metadata: objectOrEmpty(value.metadata),
      });
      if (made !== null) return made;

      const existing = ifExists === "do_nothing" ? await assistants.get(id, scope) : null;
      if (existing === null) throw alreadyExists("Assistant");
      return existing;
    },

    async getAssistant(reference: string, caller: Caller): Promise<Assistant> {
      const id = idOf(reference);
      const { scope } = await authorizer.authorize(caller, "assistants:read", { assistant_id: id });
      return found(await assistants.get(id, scope));
    },

    async searchAssistants(query: AssistantQuery, caller: Caller): Promise<Page<Assistant>> {
      const asked: JsonObject = { ...searched(query), limit: query.limit, offset: query.offset };
      const { scope, value } = await authorizer.authorize(caller, "assistants:search", asked);
      return await assistants.search({ ...query, metadata: objectOrEmpty(value.metadata) }, scope);
    },

    async countAssistants(filter: AssistantFilter, caller: Caller): Promise<number> {
      const { scope, value } = await authorizer.authorize(caller, "assistants:search", searched(filter));
      return await assistants.count({ ...filter, metadata: objectOrEmpty(value.metadata) }, scope);
    },

    /** Always makes a new version, even for an empty patch. */
    async patchAssistant(reference: string, patch: AssistantPatch, caller: Caller): Promise<Assistant> {
      const id = idOf(reference);
      if (patch.graphId !== undefined) mustKnow(patch.graphId);
      const { graphId, ...settings } = patch;
      const asked: JsonObject = {
        assistant_id: id,
        ...settings,
        ...(graphId === undefined ? {} : { graph_id: graphId }),
      };
      const { scope, value } = await authorizer.authorize(caller, "assistants:update", asked);
      return found(await assistants.update(id, { ...patch, ...leftOf(value) }, scope));
    },

    /**
     * Removes the assistant with its versions and crons; runs that it made stay with their threads. `deleteThreads`: the
     * threads that last ran it go too, each as if the caller had deleted it. They go first, so that a call which broke
     * off half-way can be made again.
     */
    async deleteAssistant(
      reference: string,
      options: { readonly deleteThreads: boolean },
      caller: Caller,
    ): Promise<AssistantId> {
      const id = idOf(reference);
      const { scope } = await authorizer.authorize(caller, "assistants:delete", { assistant_id: id });
      if (options.deleteThreads) {
        found(await assistants.get(id, scope));
        await deleteThreadsOf(id, caller);
      }
      if (!(await assistants.delete(id, scope))) throw assistantNotFound();
      return id;
    },

    /** Newest first. @throws DomainError `assistant_not_found` when there is no such assistant. */
    async listVersions(
      reference: string,
      query: PageRequest & { readonly metadata?: JsonObject },
      caller: Caller,
    ): Promise<readonly AssistantVersion[]> {
      const id = idOf(reference);
      const { scope } = await authorizer.authorize(caller, "assistants:read", { assistant_id: id });
      found(await assistants.get(id, scope));
      return await assistants.versions(id, query, scope);
    },

    async setLatestVersion(reference: string, version: number, caller: Caller): Promise<Assistant> {
      const id = idOf(reference);
      const { scope } = await authorizer.authorize(caller, "assistants:update", { assistant_id: id, version });
      const result = await assistants.setLatest(id, version, scope);
      if (result === "no_assistant") throw assistantNotFound();
      if (result === "no_version") throw assistantVersionNotFound();
      return result;
    },
  };

  async function deleteThreadsOf(id: AssistantId, caller: Caller): Promise<void> {
    const metadata = { assistant_id: id };
    const { scope } = await authorizer.authorize(caller, "threads:search", { metadata });
    // What the caller may see but not delete stays, and is stepped over.
    for (let offset = 0; ;) {
      const { items } = await storage.threads.search(
        {
          metadata,
          select: ["thread_id"],
          sort: { by: "thread_id", order: "asc" },
          limit: THREADS_AT_ONCE,
          offset,
        },
        scope,
      );
      for (const { id: threadId } of items)
        if (threadId === undefined || !(await isDeleted(threadId, caller))) offset++;
      if (items.length < THREADS_AT_ONCE) return;
    }
  }

  async function isDeleted(threadId: ThreadId, caller: Caller): Promise<boolean> {
    try {
      await manageThreads.deleteThread(threadId, caller);
      return true;
    } catch (error) {
      if (error instanceof DomainError && (error.code === "thread_not_found" || error.code === "forbidden"))
        return false;
      throw error;
    }
  }

  function idOf(reference: string): AssistantId {
    const id = assistantIdOf(reference, graphs);
    if (id === null) throw assistantNotFound();
    return id;
  }

  function mustKnow(graphId: string): void {
    if (!graphs.has(graphId)) throw graphNotFound(graphId, graphs.ids());
  }
}

export type ManageAssistants = ReturnType<typeof makeManageAssistants>;

function found(assistant: Assistant | null): Assistant {
  if (assistant === null) throw assistantNotFound();
  return assistant;
}

/** The members of an assistant that an authorizer may rewrite, where it left something of their kind. */
const leftOf = ({
  config,
  context,
  metadata,
}: JsonObject): Pick<AssistantPatch, "config" | "context" | "metadata"> => ({
  ...(isObject(config) ? { config } : {}),
  ...(context === undefined ? {} : { context }),
  ...(isObject(metadata) ? { metadata } : {}),
});

const searched = (filter: AssistantFilter): JsonObject => ({
  metadata: filter.metadata ?? {},
  graph_id: filter.graphId ?? null,
  name: filter.name ?? null,
});
