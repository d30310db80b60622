import type { Scope } from "../auth/scope.js";
import { graphNotFound, noAssistantFor } from "../errors.js";
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
 * @throws DomainError `assistant_not_found`, or `graph_not_found` when its graph is no longer part of the project.
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
  return assistant;
}
