import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import { graphFailed, graphNotFound, noAssistantFor } from "../errors.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import { type AssistantId, asAssistantId, isUuid, systemAssistantId } from "../ids.js";
import type { Assistant } from "./assistant.js";
import type { AssistantRepository } from "./assistant-repository.js";

/** The assistant id that a reference names: a graph id means the graph's system assistant. Null when it can name none. */
export function assistantIdOf(reference: string, graphs: GraphCatalog): AssistantId | null {
  if (graphs.has(reference)) return systemAssistantId(reference);
  return isUuid(reference) ? asAssistantId(reference) : null;
}

/**
 * Finds the assistant that a run or cron should use.
 * @throws DomainError `assistant_not_found`, `graph_not_found` when its graph is no longer part of the project,
 * `graph_failed` when it could not be loaded.
 */
export async function resolveAssistant(
  reference: string,
  deps: { readonly assistants: AssistantRepository; readonly graphs: GraphCatalog },
  scope: Scope,
): Promise<Assistant> {
  const id = assistantIdOf(reference, deps.graphs);
  const assistant = id === null ? null : await deps.assistants.get(id, scope);
  if (assistant === null) throw noAssistantFor(reference);
  if (!deps.graphs.has(assistant.graphId)) throw graphNotFound(assistant.graphId, deps.graphs.ids());
  const failure = deps.graphs.failure(assistant.graphId);
  if (failure !== null) throw graphFailed(failure);
  return assistant;
}

/**
 * The assistant that a caller may run. One that somebody made is read like any other time, for its settings end up in the
 * run. The ones that the server made for its graphs belong to nobody, so an owner's filter would hide them from everybody:
 * who may run a graph is what `threads:create_run` asks.
 *
 * @throws DomainError like {@link resolveAssistant}, and what the authorizer throws.
 */
export async function assistantToRun(
  reference: string,
  deps: {
    readonly assistants: AssistantRepository;
    readonly graphs: GraphCatalog;
    readonly authorizer: Authorizer;
  },
  caller: Caller,
): Promise<Assistant> {
  const id = assistantIdOf(reference, deps.graphs);
  if (id === null) throw noAssistantFor(reference);
  const isOfGraph = deps.graphs.known().some((graphId) => systemAssistantId(graphId) === id);
  const { scope } = isOfGraph
    ? { scope: WHOLE_HOUSE }
    : await deps.authorizer.authorize(caller, "assistants:read", { assistant_id: id });
  return await resolveAssistant(reference, deps, scope);
}
