import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { assistantNotFound, graphNotFound } from "../errors.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import type { GraphDescriber } from "../graphs/graph-describer.js";
import type { Json, JsonObject } from "../json.js";
import type { Storage } from "../storage.js";
import type { Assistant } from "./assistant.js";
import { assistantIdOf } from "./resolve-assistant.js";

export interface DescribeAssistantDeps {
  readonly storage: Pick<Storage, "assistants">;
  readonly authorizer: Authorizer;
  readonly graphs: GraphCatalog;
  readonly describer: GraphDescriber;
}

/**
 * What an assistant's graph looks like, with the assistant's config: a graph that is made for each access may differ by it.
 * All throw DomainError `assistant_not_found`, `graph_not_found` (its graph left the project) or `graph_failed`.
 */
export function makeDescribeAssistant({ storage, authorizer, graphs, describer }: DescribeAssistantDeps) {
  return {
    async drawing(reference: string, options: { readonly xray: boolean | number }, caller: Caller): Promise<Json> {
      const { graphId, config } = await readable(reference, caller);
      return await describer.drawing(graphId, config, options);
    },

    async schemas(reference: string, caller: Caller): Promise<JsonObject> {
      const { graphId, config } = await readable(reference, caller);
      return await describer.schemas(graphId, config);
    },

    async subgraphs(
      reference: string,
      options: { readonly namespace?: string; readonly recurse: boolean },
      caller: Caller,
    ): Promise<JsonObject> {
      const { graphId, config } = await readable(reference, caller);
      return await describer.subgraphs(graphId, config, options);
    },
  };

  async function readable(reference: string, caller: Caller): Promise<Assistant> {
    const id = assistantIdOf(reference, graphs);
    if (id === null) throw assistantNotFound();
    const { scope } = await authorizer.authorize(caller, "assistants:read", { assistant_id: id });
    const assistant = await storage.assistants.get(id, scope);
    if (assistant === null) throw assistantNotFound();
    if (!graphs.has(assistant.graphId)) throw graphNotFound(assistant.graphId, graphs.ids());
    return assistant;
  }
}

export type DescribeAssistant = ReturnType<typeof makeDescribeAssistant>;
