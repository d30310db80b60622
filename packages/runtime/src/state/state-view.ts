import {
  type CheckpointRef,
  type CheckpointSelector,
  isObject,
  type Json,
  type JsonObject,
  type StateSnapshot,
  type TaskState,
} from "@graphfleet/domain";
import type { GraphConfig, GraphSnapshot, GraphTask } from "../compiled-graph.js";
import { toInterrupt } from "../execute/run-output.js";
import { stringify, toJson } from "../serialize.js";

/**
 * A state as clients see it. Without a checkpoint there are no values; a checkpoint that was asked for by id is named
 * even when it does not exist, as the official server does.
 */
export function stateView(snapshot: GraphSnapshot, asked?: CheckpointSelector): StateSnapshot {
  const exists = snapshot.createdAt !== undefined;
  return {
    values: toJson(snapshot.values),
    next: [...snapshot.next],
    tasks: snapshot.tasks.map(taskView),
    metadata: metadataView(snapshot.metadata),
    createdAt: snapshot.createdAt ?? null,
    checkpoint: exists || asked?.checkpointId !== undefined ? checkpointRef(snapshot.config) : null,
    parentCheckpoint: checkpointRef(snapshot.parentConfig),
  };
}

/** The checkpoint that a config names. */
export function checkpointRef(config: GraphConfig | undefined): CheckpointRef | null {
  const { thread_id, checkpoint_ns, checkpoint_id, checkpoint_map } = config?.configurable ?? {};
  if (typeof thread_id !== "string") return null;
  const map = toJson(checkpoint_map ?? null);
  return {
    threadId: thread_id,
    checkpointNs: typeof checkpoint_ns === "string" ? checkpoint_ns : "",
    ...(typeof checkpoint_id === "string" ? { checkpointId: checkpoint_id } : {}),
    checkpointMap: isObject(map) ? map : null,
  };
}

function taskView(task: GraphTask): TaskState {
  return {
    id: task.id,
    name: task.name,
    path: toJson(task.path ?? null),
    error: errorView(task.error),
    interrupts: task.interrupts.map(toInterrupt),
    ...subgraphView(task.state),
    result: toJson(task.result ?? null),
  };
}

/** A task that runs a subgraph shows its state when that was asked for, else where to find it. */
function subgraphView(state: GraphTask["state"]): Pick<TaskState, "checkpoint" | "state"> {
  if (state === undefined) return { checkpoint: null, state: null };
  if ("values" in state) return { checkpoint: null, state: stateView(state) };
  const { thread_id, checkpoint_ns } = state.configurable ?? {};
  return { checkpoint: { threadId: String(thread_id), checkpointNs: String(checkpoint_ns) }, state: null };
}

/** An error is told as text: JSON with its name and message, as the library recorded it. */
function errorView(error: unknown): string | null {
  if (error === null || error === undefined) return null;
  return typeof error === "string" ? error : stringify(error);
}

function metadataView(metadata: GraphSnapshot["metadata"]): JsonObject {
  const view: Json = toJson(metadata ?? {});
  if (!isObject(view)) return {};
  if (view["checkpoint_ns"] !== "") return view;
  const { checkpoint_ns: _root, ...rest } = view;
  return rest;
}
