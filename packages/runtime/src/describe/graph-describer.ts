import {
  DomainError,
  type GraphDescriber,
  graphFailed,
  type Json,
  type JsonObject,
  objectOrEmpty,
  withoutUser,
} from "@graphfleet/domain";
import type { CompiledGraph } from "../compiled-graph.js";
import { describeError } from "../describe-error.js";
import type { GraphRegistry } from "../project/graph-registry.js";
import { toJson } from "../serialize.js";
import { type GraphSchemas, schemasOf } from "./json-schemas.js";
import type { TypedSchemas } from "./static/typed-schemas.js";

const NO_TYPES: TypedSchemas = () => Promise.resolve({});

/** Asks the graphs themselves, and the types of those that do not say. */
export function makeGraphDescriber(graphs: GraphRegistry, typed: TypedSchemas = NO_TYPES): GraphDescriber {
  const open = (graphId: string, config: JsonObject): Promise<CompiledGraph> =>
    graphs.get(graphId, { access: "assistants.read", config: { configurable: configurableOf(config) } });

  return {
    drawing: (graphId, config, { xray }) =>
      telling(async () => {
        const graph = await open(graphId, config);
        const drawable = await graph.getGraphAsync({ configurable: configurableOf(config), xray });
        return toJson(drawable.toJSON());
      }),

    schemas: (graphId, config) =>
      telling(async () => ({
        graph_id: graphId,
        ...schemaFields(await describe(graphId, "", await open(graphId, config))),
      })),

    subgraphs: (graphId, config, { namespace, recurse }) =>
      telling(async () => {
        const graph = await open(graphId, config);
        const found: [string, Json][] = [];
        for await (const [ns, subgraph] of graph.getSubgraphsAsync(namespace, recurse)) {
          const schemas = await describe(graphId, ns, subgraph);
          // The published names, and the short ones that the JavaScript server answers with.
          found.push([ns, { ...schemaFields(schemas), ...schemas }]);
        }
        return Object.fromEntries(found);
      }),
  };

  async function describe(graphId: string, ns: string, graph: unknown): Promise<GraphSchemas> {
    const told = schemasOf(graph, graphs.library(graphId));
    if (told.state !== null) return told;
    const types = (await typed(graphId))[ns];
    return {
      state: types?.state ?? null,
      input: told.input ?? types?.input ?? null,
      output: told.output ?? types?.output ?? null,
      config: told.config ?? types?.config ?? null,
    };
  }
}

/** An assistant's settings are whatever its maker wrote, so they may not name a user. */
const configurableOf = (config: JsonObject): JsonObject => withoutUser(objectOrEmpty(config["configurable"]));

/** What breaks here is the project's own code, a factory most likely. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { error: name, message } = describeError(error);
    throw graphFailed(`${name}: ${message}`, error);
  }
}

const schemaFields = ({ state, input, output, config }: GraphSchemas) => ({
  input_schema: input,
  output_schema: output,
  state_schema: state,
  config_schema: config,
  context_schema: config,
});
