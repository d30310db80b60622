import { type Json, type JsonObject, objectOrEmpty } from "@graphfleet/domain";
import type { CompiledGraph } from "../compiled-graph.js";
import type { GraphRegistry } from "../project/graph-registry.js";
import { toJson } from "../serialize.js";
import { type GraphSchemas, schemasOf } from "./json-schemas.js";

/** What clients can learn of a graph without running it. All answers are in wire form. */
export interface GraphDescriber {
  /** Nodes and edges. `xray`: draw subgraphs too, all or to a depth. @throws DomainError `graph_not_found`. */
  drawing(graphId: string, config: JsonObject, options: { readonly xray: boolean | number }): Promise<Json>;
  schemas(graphId: string, config: JsonObject): Promise<JsonObject>;
  /** Schemas of subgraphs by namespace; only one namespace when it is given. */
  subgraphs(
    graphId: string,
    config: JsonObject,
    options: { readonly namespace?: string; readonly recurse: boolean },
  ): Promise<JsonObject>;
}

export function makeGraphDescriber(graphs: GraphRegistry): GraphDescriber {
  const open = (graphId: string, config: JsonObject): Promise<CompiledGraph> =>
    graphs.get(graphId, { access: "assistants.read", config: { configurable: objectOrEmpty(config["configurable"]) } });

  return {
    async drawing(graphId, config, { xray }) {
      const graph = await open(graphId, config);
      const drawable = await graph.getGraphAsync({ configurable: objectOrEmpty(config["configurable"]), xray });
      return toJson(drawable.toJSON());
    },

    async schemas(graphId, config) {
      return { graph_id: graphId, ...schemaFields(schemasOf(await open(graphId, config))) };
    },

    async subgraphs(graphId, config, { namespace, recurse }) {
      const graph = await open(graphId, config);
      const found: Record<string, Json> = {};
      for await (const [ns, subgraph] of graph.getSubgraphsAsync(namespace, recurse)) {
        const schemas = schemasOf(subgraph);
        // The published names, and the short ones that the JavaScript server answers with.
        found[ns] = { ...schemaFields(schemas), ...schemas };
      }
      return found;
    },
  };
}

const schemaFields = ({ state, input, output, config }: GraphSchemas) => ({
  input_schema: input,
  output_schema: output,
  state_schema: state,
  config_schema: config,
  context_schema: config,
});
