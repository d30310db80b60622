import type { Assistant } from "../assistants/assistant.js";
import { type Caller, withoutUser } from "../auth/caller.js";
import type { RunId, ThreadId } from "../ids.js";
import { type Json, type JsonObject, isObject, objectOrEmpty } from "../json.js";
import type { ThreadTakeOver } from "../threads/thread.js";
import type { RunSpec, StreamMode } from "./run.js";
import type { RunRequest } from "./run-request.js";

/** What a background run captures when its readers come later and nobody said what they will want. */
const MODES_FOR_LATER: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom"];

/** Configurable values that point at one run or one place in the past. On the thread they would bind every later run to it. */
const ONCE = ["run_id", "thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map"];

export interface MergedRun {
  readonly spec: RunSpec;
  readonly metadata: JsonObject;
  /** What the thread takes over from this run when it was free: the next run and state reads start from it. */
  readonly thread: ThreadTakeOver;
}

/**
 * Merges what assistant, thread and request say into what the worker executes. Later ones win: assistant, thread,
 * request, ids. Headers and the caller's identity go into the run, never into the thread: they would leak into the
 * runs of others.
 */
export function mergeRun(
  request: RunRequest,
  found: {
    readonly assistant: Assistant;
    readonly thread: { readonly metadata: JsonObject; readonly config: JsonObject };
    readonly runId: RunId;
    readonly threadId: ThreadId;
    readonly caller: Caller;
  },
): MergedRun {
  const { assistant, thread, caller } = found;
  const ids = { graph_id: assistant.graphId, assistant_id: assistant.id };
  const metadata: JsonObject = { ...assistant.metadata, ...thread.metadata, ...ids, ...request.metadata };
  const given = withoutUser({
    ...objectOrEmpty(assistant.config.configurable),
    ...objectOrEmpty(thread.config.configurable),
    ...objectOrEmpty(request.config.configurable),
  });

  const context = mergeContext(assistant.context, request.context);

  return {
    metadata,
    thread: {
      metadata: ids,
      config: { ...assistant.config, ...thread.config, ...request.config, configurable: without(ONCE, given) },
      context,
    },
    spec: {
      graphId: assistant.graphId,
      input: request.input,
      command: request.command,
      config: {
        ...assistant.config,
        ...request.config,
        configurable: {
          ...given,
          ...checkpointFields(request),
          ...tracerFields(request),
          ...caller.headers,
          ...userId(given, caller),
          run_id: found.runId,
          thread_id: found.threadId,
          ...ids,
        },
        metadata: {
          ...objectOrEmpty(assistant.config.metadata),
          ...objectOrEmpty(request.config.metadata),
          ...metadata,
        },
      },
      context,
      streamModes: streamModes(request),
      streamSubgraphs: request.streamSubgraphs,
      streamResumable: request.streamResumable,
      interruptBefore: request.interruptBefore,
      interruptAfter: request.interruptAfter,
      durability: request.durability,
      feedbackKeys: request.feedbackKeys,
      webhook: request.webhook,
      temporary: request.threadId === null && request.onCompletion === "delete",
      attached: request.attached,
    },
  };
}

function streamModes(request: RunRequest): readonly StreamMode[] {
  if (request.streamModes !== null && request.streamModes.length > 0) return request.streamModes;
  return request.streamResumable && !request.attached ? MODES_FOR_LATER : ["values"];
}

function mergeContext(assistant: Json, request: Json): Json {
  if (!isObject(assistant)) return assistant ?? request;
  return isObject(request) ? { ...assistant, ...request } : assistant;
}

function checkpointFields({ checkpoint }: RunRequest): JsonObject {
  return {
    ...(checkpoint.checkpointId === undefined ? {} : { checkpoint_id: checkpoint.checkpointId }),
    ...(checkpoint.checkpointNs === undefined ? {} : { checkpoint_ns: checkpoint.checkpointNs }),
    ...(checkpoint.checkpointMap === undefined ? {} : { checkpoint_map: checkpoint.checkpointMap }),
  };
}

function tracerFields({ langsmithTracer: tracer }: RunRequest): JsonObject {
  if (tracer === null) return {};
  return {
    ...(tracer.projectName === null ? {} : { langsmith_project: tracer.projectName }),
    ...(tracer.exampleId === null ? {} : { langsmith_example_id: tracer.exampleId }),
  };
}

/** Whose things these are, for graphs that ask no further: what somebody said it is, else who asks. */
function userId({ user_id }: JsonObject, { identity }: Caller): JsonObject {
  const isSaid = user_id !== undefined && user_id !== null && user_id !== "";
  return isSaid || identity === null ? {} : { user_id: identity };
}

const without = (keys: readonly string[], configurable: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(configurable).filter(([key]) => !keys.includes(key)));
