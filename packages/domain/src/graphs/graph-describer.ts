import type { Json, JsonObject } from "../json.js";

/** What clients can learn of a graph without running it. All answers are in wire form. The API has one. */
export interface GraphDescriber {
  /**
   * Nodes and edges. `xray`: draw subgraphs too, all or to a depth.
   *
   * @throws DomainError `graph_not_found`; `graph_failed` when the project's own code breaks. So do the others.
   */
  drawing(graphId: string, config: JsonObject, options: { readonly xray: boolean | number }): Promise<Json>;
  /** JSON schemas of what goes in and out; null where the graph does not say. */
  schemas(graphId: string, config: JsonObject): Promise<JsonObject>;
  /** Schemas of subgraphs by namespace; only one namespace when it is given. */
  subgraphs(
    graphId: string,
    config: JsonObject,
    options: { readonly namespace?: string; readonly recurse: boolean },
  ): Promise<JsonObject>;
}
