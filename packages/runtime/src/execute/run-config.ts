import { type ClaimedRun, isObject, objectOrEmpty } from "@graphfleet/domain";
import type { GraphOptions } from "../compiled-graph.js";

/** Fields that say where on a thread to begin. */
const PLACE = new Set(["checkpoint_id", "checkpoint_ns", "checkpoint_map"]);

/**
 * The library's options for a run. What the server knows wins over what the request said: ids and the user can not be
 * forged, and the library's own configurable keys (`__…`) can not be set.
 *
 * `fromHead` leaves out the place to begin at: an attempt that goes on does so from the newest checkpoint.
 */
export function graphOptions(
  run: ClaimedRun,
  parts: {
    readonly streamMode: readonly string[];
    readonly signal: AbortSignal;
    readonly libraryVersion: string;
    readonly fromHead: boolean;
  },
): GraphOptions {
  const { spec } = run;
  const { tags, recursion_limit: recursionLimit, max_concurrency: maxConcurrency, run_name: runName } = spec.config;
  return {
    streamMode: parts.streamMode,
    subgraphs: spec.streamSubgraphs,
    signal: parts.signal,
    runId: run.id,
    configurable: runConfigurable(run, parts.fromHead),
    metadata: runMetadata(run, parts.libraryVersion),
    // Absent, not undefined: an undefined would wipe out what is bound to the graph itself.
    ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
    ...(typeof recursionLimit === "number" ? { recursionLimit } : {}),
    ...(typeof maxConcurrency === "number" ? { maxConcurrency } : {}),
    ...(typeof runName === "string" ? { runName } : {}),
    ...(spec.context === null ? {} : { context: spec.context }),
    ...(spec.interruptBefore === null ? {} : { interruptBefore: spec.interruptBefore }),
    ...(spec.interruptAfter === null ? {} : { interruptAfter: spec.interruptAfter }),
    ...(spec.durability === null ? {} : { durability: spec.durability }),
  };
}

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
