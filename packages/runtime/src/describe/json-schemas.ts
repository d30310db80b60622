import { isObject, type Json, type JsonObject } from "@graphfleet/domain";
import type { GraphLibrary } from "../project/graph-library.js";
import { toJson } from "../serialize.js";

/** JSON schemas of a graph; null where the graph does not say. */
export interface GraphSchemas {
  readonly state: JsonObject | null;
  readonly input: JsonObject | null;
  readonly output: JsonObject | null;
  readonly config: JsonObject | null;
}

/**
 * What a graph tells of its own types at run time: state schemas written with `StateSchema` or zod. Graphs written with
 * `Annotation` have types only in TypeScript, and say nothing here: see `static/`.
 */
export function schemasOf(graph: unknown, { schemas: readers }: Pick<GraphLibrary, "schemas">): GraphSchemas {
  const state = extract(() => readers?.getStateTypeSchema(graph));
  const update = extract(() => readers?.getUpdateTypeSchema(graph));
  return {
    state: state ?? update,
    input: extract(() => readers?.getInputTypeSchema(graph)) ?? update,
    output: extract(() => readers?.getOutputTypeSchema(graph)) ?? state,
    config: extract(() => readers?.getConfigTypeSchema(graph)),
  };
}

/** A schema that cannot be told is not told; the graph runs without it. */
function extract(get: () => unknown): JsonObject | null {
  try {
    const schema: Json = toJson(get() ?? null);
    return isObject(schema) ? schema : null;
  } catch {
    return null;
  }
}
