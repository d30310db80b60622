import { type ClaimedRun, type Durability, isObject, objectOrEmpty } from "@graphfleet/domain";
import type { CompiledGraph, GraphOptions } from "../compiled-graph.js";

/** Fields that say where on a thread to begin. */
const PLACE = new Set(["checkpoint_id", "checkpoint_ns", "checkpoint_map"]);

/**
 * The library's options for a run. What the server knows wins over what the request said: ids and the user can not be
 * forged, and the library's own configurable keys (`__…`) can not be set.
 *
 * `fromHead` leaves out the place to begin at: an attempt that goes on does so from the newest checkpoint.
 *
 * The library's own `async` lets a graph run ahead of its checkpoints without a bound. So it is told `sync` instead,
 * which waits for the saver after each step, and the saver decides how long that is: see `SaverMode`.
 */
export function graphOptions(
  run: ClaimedRun,
  parts: {
    readonly streamMode: readonly string[];
    readonly signal: AbortSignal;
    readonly libraryVersion: string;
    readonly fromHead: boolean;
    readonly durability: Durability;
  },
): GraphOptions {
  const { spec } = run;
  const { tags, recursion_limit: recursionLimit, max_concurrency: maxConcurrency, run_name: runName } = spec.config;
  return {
    streamMode: parts.streamMode,
    subgraphs: spec.streamSubgraphs,
    signal: parts.signal,
    runId: run.id,
    configurable: {
      ...runConfigurable(run, parts.fromHead),
      // Subgraphs do not inherit it by themselves.
      ...(parts.durability === "exit" ? {} : { __pregel_durability: "sync" }),
    },
    metadata: runMetadata(run, parts.libraryVersion),
    // Absent, not undefined: an undefined would wipe out what is bound to the graph itself.
    ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
    ...(typeof recursionLimit === "number" ? { recursionLimit } : {}),
    ...(typeof maxConcurrency === "number" ? { maxConcurrency } : {}),
    ...(typeof runName === "string" ? { runName } : {}),
    ...(spec.context === null ? {} : { context: spec.context }),
    ...(spec.interruptBefore === null ? {} : { interruptBefore: spec.interruptBefore }),
    ...(spec.interruptAfter === null ? {} : { interruptAfter: spec.interruptAfter }),
    durability: parts.durability === "exit" ? "exit" : "sync",
  };
}

/** How a run is saved: as the request says, else as the graph says, else while it goes on. */
export const durabilityOf = (run: ClaimedRun, graph: Pick<CompiledGraph, "config">): Durability =>
  run.spec.durability ?? graph.config?.durability ?? "async";

/** The configurable values of a run: the request's, then the server's. */
export function runConfigurable(run: ClaimedRun, fromHead: boolean): Record<string, unknown> {
  const given = Object.entries(objectOrEmpty(run.spec.config["configurable"])).filter(
    ([key, value]) =>
      !key.startsWith("__") && !key.startsWith("langgraph_auth_") && !(PLACE.has(key) && (fromHead || value === null)),
  );
  return { ...Object.fromEntries(given), ...userFields(run), ...idFields(run) };
}

function idFields(run: ClaimedRun) {
  return {
    run_id: run.id,
    thread_id: run.threadId,
    graph_id: run.spec.graphId,
    assistant_id: run.assistantId,
  };
}

function userFields({ auth }: ClaimedRun) {
  if (auth.user === null && auth.identity === null) return {};
  return {
    langgraph_auth_user: auth.user ?? { identity: auth.identity },
    langgraph_auth_user_id: auth.identity ?? "",
    langgraph_auth_permissions: auth.permissions,
  };
}

/** Labels for traces and checkpoints. */
function runMetadata(run: ClaimedRun, libraryVersion: string): Record<string, unknown> {
  const given = run.spec.config["metadata"];
  return {
    ...(isObject(given) ? given : {}),
    ...run.metadata,
    run_attempt: run.attempt,
    langgraph_version: libraryVersion,
    langgraph_plan: "developer",
    langgraph_host: "self-hosted",
    graph_id: run.spec.graphId,
    assistant_id: run.assistantId,
    run_id: run.id,
    thread_id: run.threadId,
  };
}
