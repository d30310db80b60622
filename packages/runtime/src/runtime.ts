import {
  type Cipher,
  type Embedder,
  type GraphCatalog,
  type GraphDescriber,
  type GraphRunner,
  type GraphStates,
  type LongTermMemory,
  makeLongTermMemory,
  type Repositories,
  type SystemAssistant,
} from "@graphfleet/domain";
import type pg from "pg";
import { makeGraphDescriber } from "./describe/graph-describer.js";
import { makeTypedSchemas } from "./describe/static/typed-schemas.js";
import { FleetRunner } from "./execute/fleet-runner.js";
import { ItemStore } from "./item-store.js";
import { libraryVersion } from "./library-version.js";
import { type GraphFailure, loadGraphs } from "./project/graph-registry.js";
import { loadEmbedder } from "./project/load-embedder.js";
import type { ProjectConfig } from "./project/project-config.js";
import { FleetStates } from "./state/fleet-states.js";
import { systemAssistants } from "./system-assistants.js";

/** What the runtime needs of a logger. */
export interface RuntimeLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A project's graphs, ready to be run, read and described. */
export interface Runtime {
  readonly catalog: GraphCatalog;
  readonly runner: GraphRunner;
  readonly states: GraphStates;
  readonly describer: GraphDescriber;
  /** The items that graphs see, with the project's index and lifetimes. */
  readonly memory: LongTermMemory;
  /** Graphs that could not be loaded; whether that stops the process is its owner's decision. */
  readonly failures: readonly GraphFailure[];
  readonly langgraphVersion: string;
  /** One per graph, loaded or not. `defaults` is the value of LANGGRAPH_CONFIG. @throws ProjectError when it makes no sense. */
  systemAssistants(defaults?: string): SystemAssistant[];
}

/**
 * Loads the project's graphs and connects them to the ledger. The environment of the graphs must be in place: their
 * modules run now. Graphs that fail to load are reported, not thrown; an embedder that fails to load is thrown, since items
 * written without it would not be found later.
 */
export async function openRuntime(parts: {
  readonly project: ProjectConfig;
  readonly pool: pg.Pool;
  readonly storage: Pick<Repositories, "checkpoints" | "items">;
  readonly log: RuntimeLog;
  /** What seals checkpoints; none leaves them readable. */
  readonly cipher?: Cipher | null | undefined;
  /** How long it may take to tell a graph's schemas from its types. */
  readonly schemaTimeoutMs?: number;
}): Promise<Runtime> {
  const { project, pool, storage, log, cipher = null, schemaTimeoutMs = SCHEMA_TIMEOUT_MS } = parts;
  for (const warning of project.warnings) log.warn({}, warning);

  const graphs = await loadGraphs(project);
  for (const warning of graphs.warnings()) log.warn({}, warning);
  const embedder = await loadEmbedder(project);
  if (embedder !== null) log.info(indexFacts(embedder, storage.items), "items are found by what they mean");
  const memory = makeLongTermMemory({
    items: storage.items,
    embedder,
    defaultTtlMinutes: project.store.ttl?.default_ttl ?? null,
    refreshOnRead: project.store.ttl?.refresh_on_read ?? true,
  });
  const store = new ItemStore(memory);
  const version = libraryVersion();
  const shared = { graphs, pool, checkpoints: storage.checkpoints, store, cipher };
  return {
    catalog: graphs,
    runner: new FleetRunner({ ...shared, libraryVersion: version }),
    states: new FleetStates(shared),
    describer: makeGraphDescriber(graphs, makeTypedSchemas({ ...project, timeoutMs: schemaTimeoutMs, log })),
    memory,
    failures: graphs.failures(),
    langgraphVersion: version,
    systemAssistants: (defaults) =>
      // A graph that failed keeps its assistant, which says why.
      systemAssistants(project.graphs, defaults),
  };
}

const SCHEMA_TIMEOUT_MS = 30_000;

const indexFacts = ({ name, dims, fields }: Embedder, { nearness }: Repositories["items"]) => ({
  embed: name,
  dims,
  fields,
  nearness,
});
