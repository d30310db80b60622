import { isObject, type JsonObject } from "@graphfleet/domain";
import { toStorableJson } from "../serialize.js";

/** Bookkeeping of LangGraph: true of one task, and repeated in the checkpoint itself. */
const BOOKKEEPING = new Set([
  "thread_id",
  "checkpoint_id",
  "checkpoint_ns",
  "checkpoint_map",
  "langgraph_step",
  "langgraph_node",
  "langgraph_triggers",
  "langgraph_path",
  "langgraph_checkpoint_ns",
]);

const SECRET = /key|token|secret|password|auth/i;

/**
 * What a checkpoint is labelled with: the run's metadata, the plain ones of its configurable values, and what the
 * library says of the step. Clients can see and search it, so anything that looks like a secret stays out.
 *
 * `runId` is the run that writes; null for an edit by hand, which belongs to no run even when it builds on one.
 */
export function checkpointMetadata(
  config: { readonly configurable?: object; readonly metadata?: object },
  step: object,
  runId: string | null,
): JsonObject {
  const labels: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config.configurable ?? {})) {
    if (key !== "run_id" && !key.startsWith("__") && !SECRET.test(key) && isPlain(value)) labels[key] = value;
  }
  Object.assign(labels, config.metadata);
  for (const key of BOOKKEEPING) delete labels[key];

  if (runId === null) delete labels["run_id"];
  else labels["run_id"] = runId;
  Object.assign(labels, step);
  if (runId === null) delete labels["run_id"];

  const json = toStorableJson(labels);
  return isObject(json) ? json : {};
}

const isPlain = (value: unknown) =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
