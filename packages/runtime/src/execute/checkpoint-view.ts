import { isObject } from "@graphfleet/domain";

type Fields = Readonly<Record<string, unknown>>;

/** A checkpoint of the stream modes `checkpoints` and `debug`, in wire form. */
export function checkpointView(payload: unknown): unknown {
  const { parentConfig, ...rest } = fields(payload);
  return {
    ...rest,
    config: configView(rest["config"]),
    ...(parentConfig === undefined ? {} : { parent_config: configView(parentConfig) }),
    checkpoint: placeView(rest["config"]),
    parent_checkpoint: placeView(parentConfig),
    tasks: Array.isArray(rest["tasks"]) ? rest["tasks"].map(taskView) : [],
  };
}

/** The wire form of a `debug` event, which wraps checkpoints and tasks. */
export function debugView(chunk: unknown): unknown {
  const debug = fields(chunk);
  if (debug["type"] === "checkpoint") return { ...debug, payload: checkpointView(debug["payload"]) };
  return debug;
}

/** True for the short notes about checkpoints that the library mixes in; the full ones have values. */
export function isCheckpointNote(payload: unknown): boolean {
  return !("values" in fields(payload));
}

/** A task that runs a subgraph names the subgraph's checkpoint instead of carrying its state. */
function taskView(task: unknown): unknown {
  const { state, ...rest } = fields(task);
  const place = placeView(state);
  if (place !== null) return { ...rest, checkpoint: place };
  return state === undefined ? rest : { ...rest, state };
}

function placeView(config: unknown): unknown {
  const { thread_id, checkpoint_ns, checkpoint_id, checkpoint_map } = fields(fields(config)["configurable"]);
  if (!thread_id) return null;
  return {
    thread_id,
    checkpoint_ns: checkpoint_ns ?? "",
    checkpoint_id: checkpoint_id ?? null,
    checkpoint_map: checkpoint_map ?? null,
  };
}

/** Without the library's machinery, the name it gives to inner graphs, and without the user the server authenticated. */
function configView(config: unknown): unknown {
  if (!isFields(config)) return config;
  const { callbacks: _callbacks, run_name: _name, configurable, ...rest } = config;
  const visible = Object.entries(fields(configurable)).filter(
    ([key]) => !key.startsWith("__") && !key.startsWith("langgraph_auth_"),
  );
  return { ...rest, configurable: Object.fromEntries(visible) };
}

const isFields = (value: unknown): value is Fields => isObject(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
