import type { Durability } from "@graphfleet/domain";
import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph-checkpoint";

/**
 * A compiled graph as we use it. Described by shape: a project may bring its own copy of LangGraph, whose classes are
 * not ours.
 */
export interface CompiledGraph {
  readonly lg_is_pregel: true;
  readonly builder?: unknown;
  /** What `withConfig` bound to it. */
  readonly config?: { readonly durability?: Durability };
  readonly interruptBefore?: readonly string[] | "*";
  readonly interruptAfter?: readonly string[] | "*";
  checkpointer?: BaseCheckpointSaver | boolean | undefined;
  store?: BaseStore | undefined;

  stream(input: unknown, options: GraphOptions): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, options: GraphOptions & { readonly version: "v2" }): AsyncIterable<GraphEvent>;
  getState(config: GraphConfig, options?: { readonly subgraphs?: boolean }): Promise<GraphSnapshot>;
  getStateHistory(
    config: GraphConfig,
    options: { readonly limit?: number; readonly before?: GraphConfig; readonly filter?: object },
  ): AsyncIterable<GraphSnapshot>;
  bulkUpdateState(
    config: GraphConfig,
    supersteps: readonly {
      readonly updates: readonly { readonly values: unknown; readonly asNode?: string | undefined }[];
    }[],
  ): Promise<GraphConfig>;
  getGraphAsync(config: GraphConfig & { readonly xray?: boolean | number }): Promise<{ toJSON(): unknown }>;
  getSubgraphsAsync(namespace?: string, recurse?: boolean): AsyncIterable<readonly [string, unknown]>;
}

/** A runnable config, as far as it concerns us. */
export interface GraphConfig {
  readonly configurable?: Readonly<Record<string, unknown>>;
  /** Labels of the checkpoints that are written. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Options of an execution, in the library's words. */
export interface GraphOptions extends GraphConfig {
  readonly streamMode: readonly string[];
  readonly subgraphs: boolean;
  readonly runId: string;
  readonly tags?: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly context?: unknown;
  readonly recursionLimit?: number;
  readonly maxConcurrency?: number;
  readonly runName?: string;
  readonly interruptBefore?: readonly string[] | "*";
  readonly interruptAfter?: readonly string[] | "*";
  readonly durability: Durability;
}

/** An event of `streamEvents`, version 2. */
export interface GraphEvent {
  readonly event: string;
  readonly run_id: string;
  readonly tags?: readonly string[];
  readonly data: { readonly chunk?: unknown };
}

export interface GraphSnapshot {
  readonly values: unknown;
  readonly next: readonly string[];
  readonly config: GraphConfig;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly createdAt?: string;
  readonly parentConfig?: GraphConfig;
  readonly tasks: readonly GraphTask[];
}

export interface GraphTask {
  readonly id: string;
  readonly name: string;
  readonly path?: unknown;
  readonly error?: unknown;
  readonly interrupts: readonly { readonly id?: string; readonly value?: unknown }[];
  /** The subgraph's state when it was asked for, else a config that names it. */
  readonly state?: GraphSnapshot | GraphConfig;
  readonly result?: unknown;
}

/** Makes a graph for each access. */
export type GraphFactory = (
  config: GraphConfig,
  runtime: { readonly accessContext: AccessContext; readonly executionRuntime: { readonly context: unknown } | null },
) => unknown;

/** What a graph is wanted for; factories may build cheaper graphs for reading. */
export type AccessContext = "threads.create_run" | "threads.update" | "threads.read" | "assistants.read";

/**
 * The compiled graph in what a project exported: a compiled graph, an uncompiled one, or a wrapper around one.
 *
 * @throws Error saying what was found instead.
 */
export function toCompiledGraph(value: unknown): CompiledGraph {
  if (value === null || value === undefined) throw new Error("the graph is null or undefined");
  if (isCompiled(value)) return value;
  if (typeof value === "object") {
    // `createAgent` returns an object that keeps its compiled graph inside.
    if ("graph" in value && isCompiled(value.graph) && value.graph.builder) return value.graph;
    if ("compile" in value && typeof value.compile === "function") {
      return toCompiledGraph((value as { compile(): unknown }).compile());
    }
  }
  throw new Error(`expected a graph, but found ${kindOf(value)}`);
}

function isCompiled(value: unknown): value is CompiledGraph {
  return (
    typeof value === "object" &&
    value !== null &&
    "lg_is_pregel" in value &&
    value.lg_is_pregel === true &&
    "stream" in value &&
    "getState" in value
  );
}

function kindOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return `an object of ${value.constructor?.name ?? "no class"}`;
  return `a ${typeof value}`;
}

/**
 * A copy of a compiled graph with a checkpointer and a store of its own. The graph of the project is shared by all
 * runs of the process, so it is never changed.
 */
export function bindGraph(
  graph: CompiledGraph,
  parts: { readonly checkpointer: BaseCheckpointSaver | undefined; readonly store: BaseStore | undefined },
): CompiledGraph {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(graph) as object) as CompiledGraph, graph);
  copy.checkpointer = parts.checkpointer;
  copy.store = parts.store;
  return copy;
}
