import type { CheckpointRef, HistoryQuery, Interrupt, StateSnapshot, StateUpdate, TaskState } from "@graphfleet/domain";
import { toCheckpointSelector } from "../http/checkpoint-selector.js";
import { given } from "../http/given.js";
import type { HistoryWire, StateUpdateWire } from "./threads.schemas.js";

/** A thread's state. Only the outermost one lists its interrupts flat: clients compare nested ones member by member. */
export const stateView = (state: StateSnapshot) => ({
  ...nestedStateView(state),
  interrupts: state.tasks.flatMap((task): readonly Interrupt[] => task.interrupts),
});

const nestedStateView = (state: StateSnapshot): object => ({
  values: state.values,
  next: state.next,
  tasks: state.tasks.map(taskView),
  metadata: state.metadata,
  created_at: state.createdAt,
  checkpoint: state.checkpoint === null ? null : checkpointView(state.checkpoint),
  parent_checkpoint: state.parentCheckpoint === null ? null : checkpointView(state.parentCheckpoint),
});

const taskView = (task: TaskState) => ({
  id: task.id,
  name: task.name,
  path: task.path,
  error: task.error,
  interrupts: task.interrupts,
  checkpoint: task.checkpoint === null ? null : checkpointView(task.checkpoint),
  state: task.state === null ? null : nestedStateView(task.state),
  result: task.result,
});

/** A checkpoint names its map, null or not. A reference without an id names a subgraph and has two members only. */
export const checkpointView = (ref: CheckpointRef) => ({
  thread_id: ref.threadId,
  checkpoint_ns: ref.checkpointNs,
  ...(ref.checkpointId === undefined
    ? given({ checkpoint_map: ref.checkpointMap })
    : { checkpoint_id: ref.checkpointId, checkpoint_map: ref.checkpointMap ?? null }),
});

export const toStateUpdate = (body: StateUpdateWire): StateUpdate => ({
  values: body.values ?? null,
  checkpoint: toCheckpointSelector(body),
  ...given({ asNode: body.as_node }),
});

export const toHistoryQuery = (body: HistoryWire): HistoryQuery => ({
  limit: body.limit,
  checkpoint: toCheckpointSelector(given({ checkpoint: body.checkpoint })),
  ...given({ before: beforeId(body.before), metadata: body.metadata }),
});

function beforeId(before: HistoryWire["before"]): string | undefined {
  if (before === undefined || typeof before === "string") return before;
  return before.configurable?.checkpoint_id ?? before.checkpoint_id ?? undefined;
}
