import { isObject, type JsonObject, objectOrEmpty, type SystemAssistant, systemAssistantId } from "@graphfleet/domain";
import type { GraphEntry } from "./project/project-config.js";
import { ProjectError } from "./project/project-error.js";

/**
 * The assistants that the server makes itself, one per graph. `defaults` is the value of LANGGRAPH_CONFIG: JSON with a
 * config per graph id; a `context` inside of it becomes the assistant's context.
 *
 * @throws ProjectError when `defaults` is not such a JSON object.
 */
export function systemAssistants(graphs: readonly GraphEntry[], defaults?: string): SystemAssistant[] {
  const configs = parseDefaults(defaults);
  return graphs.map(({ id, description }) => {
    const { context, ...config } = objectOrEmpty(configs[id]);
    return { id: systemAssistantId(id), graphId: id, description, config, context: context ?? {} };
  });
}

function parseDefaults(text: string | undefined): JsonObject {
  if (!text?.trim()) return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch (error) {
    throw new ProjectError(`LANGGRAPH_CONFIG is not valid JSON. It must look like ${EXAMPLE}.`, { cause: error });
  }
  throw new ProjectError(`LANGGRAPH_CONFIG must be a JSON object of graph ids, like ${EXAMPLE}.`);
}

const EXAMPLE = '{"agent": {"configurable": {"model": "small"}}}';
