import { type GraphCatalog, graphFailed, graphNotFound, messageOf } from "@graphfleet/domain";
import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph-checkpoint";
import path from "node:path";
import {
  type AccessContext,
  bindGraph,
  type CompiledGraph,
  type GraphConfig,
  type GraphFactory,
  toCompiledGraph,
} from "../compiled-graph.js";
import { withBundler } from "./bundle-module.js";
import { type GraphLibrary, ourLibrary } from "./graph-library.js";
import { librariesOf, majorMismatch, versionWarnings } from "./library-versions.js";
import { librariesFor, libraryThatMade } from "./load-library.js";
import { LoadError, loadExport } from "./load-module.js";
import type { GraphEntry, ProjectConfig } from "./project-config.js";

/** A graph of the project that cannot be served, and why. */
export interface GraphFailure {
  readonly graphId: string;
  readonly file: string;
  /** The file as clients may see it: relative to the project. */
  readonly written: string;
  readonly line: number | null;
  readonly message: string;
}

/** What someone wants a graph for, and the parts it should work with. */
export interface GraphRequest {
  readonly access: AccessContext;
  readonly config: GraphConfig;
  /** The run's context; only when a run executes. */
  readonly context?: unknown;
  readonly checkpointer?: BaseCheckpointSaver;
  readonly store?: BaseStore;
}

/** A loaded graph, or what makes one, and the LangGraph it was built with. */
export type Loaded = { readonly library: GraphLibrary } & (
  { readonly kind: "graph"; readonly graph: CompiledGraph } | { readonly kind: "factory"; readonly make: GraphFactory }
);

/** The graphs of a project. One that fails to load is recorded and does not take the others down. */
export class GraphRegistry implements GraphCatalog {
  readonly #graphs: ReadonlyMap<string, Loaded>;
  readonly #failures: readonly GraphFailure[];
  readonly #warnings: readonly string[];

  constructor(
    graphs: ReadonlyMap<string, Loaded>,
    failures: readonly GraphFailure[],
    warnings: readonly string[] = [],
  ) {
    this.#graphs = graphs;
    this.#failures = failures;
    this.#warnings = warnings;
  }

  /** Graphs that were loaded. */
  ids(): readonly string[] {
    return [...this.#graphs.keys()];
  }

  known(): readonly string[] {
    return [...this.#graphs.keys(), ...this.#failures.map(({ graphId }) => graphId)];
  }

  has(graphId: string): boolean {
    return this.#graphs.has(graphId) || this.failure(graphId) !== null;
  }

  failure(graphId: string): string | null {
    const failure = this.#failures.find((one) => one.graphId === graphId);
    if (!failure) return null;
    const place = failure.line === null ? failure.written : `${failure.written}:${failure.line}`;
    return `Graph "${graphId}" could not be loaded: ${place}: ${failure.message}`;
  }

  /** Graphs that could not be loaded. */
  failures(): readonly GraphFailure[] {
    return this.#failures;
  }

  /** What may go wrong although it was loaded, one sentence each. */
  warnings(): readonly string[] {
    return this.#warnings;
  }

  /**
   * The graph, bound to the parts of the request. Each call returns a graph of its own; factories are asked each time.
   *
   * @throws DomainError `graph_not_found`, `graph_failed` when it could not be loaded; whatever a factory throws.
   */
  async get(graphId: string, request: GraphRequest): Promise<CompiledGraph> {
    const loaded = this.#graphs.get(graphId);
    if (!loaded) throw this.#absent(graphId);

    const graph = loaded.kind === "graph" ? loaded.graph : await makeGraph(graphId, loaded.make, request);
    return bindGraph(graph, { checkpointer: request.checkpointer, store: request.store });
  }

  /** The LangGraph that a graph was built with; ours for a graph that is not there. */
  library(graphId: string): GraphLibrary {
    return this.#graphs.get(graphId)?.library ?? ourLibrary;
  }

  #absent(graphId: string): Error {
    const failure = this.failure(graphId);
    return failure === null ? graphNotFound(graphId, this.ids()) : graphFailed(failure);
  }
}

/** Loads every graph of the project; failures are kept with the rest. */
export async function loadGraphs(project: ProjectConfig): Promise<GraphRegistry> {
  const graphs = new Map<string, Loaded>();
  const failures: GraphFailure[] = [];
  const results = await withBundler(() =>
    Promise.allSettled(project.graphs.map((entry) => loadGraph(entry, project.dir))),
  );
  for (const [index, result] of results.entries()) {
    const entry = project.graphs[index];
    if (!entry) continue;
    if (result.status === "fulfilled") graphs.set(entry.id, result.value);
    else failures.push(toFailure(entry, result.reason, project.dir));
  }
  const warnings = versionWarnings(project.graphs.flatMap(({ file }) => librariesOf(file)));
  return new GraphRegistry(graphs, failures, warnings);
}

/** @throws Error when it is no graph, nor anything that makes one. */
export function toLoaded(exported: unknown, libraries: readonly GraphLibrary[] = [ourLibrary]): Loaded {
  // What a factory returns is looked at when it is asked.
  if (typeof exported === "function") {
    return { kind: "factory", make: exported as GraphFactory, library: libraryThatMade(null, libraries) };
  }
  const graph = toCompiledGraph(exported);
  return { kind: "graph", graph, library: libraryThatMade(graph, libraries) };
}

async function loadGraph(entry: GraphEntry, projectDir: string): Promise<Loaded> {
  const exported = await loadExport(entry, projectDir);
  try {
    return toLoaded(exported, await librariesFor(entry.file, projectDir));
  } catch (error) {
    const reason = messageOf(error);
    throw new LoadError(entry.file, null, `export "${entry.exportName}" of ${entry.written}: ${reason}`, error);
  }
}

async function makeGraph(graphId: string, make: GraphFactory, request: GraphRequest): Promise<CompiledGraph> {
  const made = await make(
    { ...request.config, configurable: { ...request.config.configurable } },
    {
      accessContext: request.access,
      executionRuntime: request.access === "threads.create_run" ? { context: request.context ?? {} } : null,
    },
  );
  try {
    return toCompiledGraph(made);
  } catch (error) {
    const reason = messageOf(error);
    throw new TypeError(`The factory of graph "${graphId}" returned no graph: ${reason}`, { cause: error });
  }
}

function toFailure(entry: GraphEntry, reason: unknown, projectDir: string): GraphFailure {
  const known = reason instanceof LoadError ? reason : null;
  const file = known?.file ?? entry.file;
  const message = messageOf(reason);
  const mismatch = majorMismatch(librariesOf(entry.file));
  return {
    graphId: entry.id,
    file,
    written: path.relative(projectDir, file),
    line: known?.line ?? null,
    message: mismatch === null ? message : `${message} (${mismatch})`,
  };
}
