/** Whose answer it is. */
export type Side = "ours" | "official";

interface Event {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * The answer without what is meant to differ. Each rule is a row of the table in the README beside this folder; what no
 * rule takes away has to be equal.
 */
export function withoutIntended(side: Side, value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const items = isStream(value) ? stream(side, value) : value;
    return items.map((item) => withoutIntended(side, item));
  }
  if (!isMembers(value)) return value;
  const kept = Object.entries(members(side, value, name));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutIntended(side, member, key)]));
}

/** Rows "notes about checkpoints", "ids without a thread" and "checkpoints". */
function stream(side: Side, events: readonly Event[]): readonly Event[] {
  if (side === "ours")
    return events.map((event) => (isCheckpoint(event) ? { ...event, data: short(event.data) } : event));
  const said = events.filter((event) => !isNote(event));
  const numbered = said.length === events.length && said.every(({ id }) => id !== undefined);
  return numbered ? said : said.map((event, index) => ({ ...event, id: String(index) }));
}

function members(side: Side, object: Members, name: string): Members {
  const kept = { ...object };
  // Row "version".
  if ("langgraph_version" in kept) kept["langgraph_version"] = "<version>";
  // Row "streaming models".
  if (Array.isArray(kept["tool_call_chunks"]) && kept["tool_call_chunks"].length === 0) delete kept["tool_call_chunks"];
  // Row "interrupts of a state": at the top, never in the state of a task.
  if (side === "ours" && name !== "state" && "parent_checkpoint" in kept && "tasks" in kept) delete kept["interrupts"];
  // Row "labels of checkpoints".
  if (name === "metadata" && "source" in kept && "parents" in kept) {
    for (const label of LABELS) delete kept[label];
  }
  // Row "tasks without interrupts".
  if (name === "interrupts") {
    for (const [task, list] of Object.entries(kept)) if (Array.isArray(list) && list.length === 0) delete kept[task];
  }
  return kept;
}

/** True of one task or one place, and repeated elsewhere in the checkpoint. */
const LABELS = [
  "checkpoint_id",
  "checkpoint_ns",
  "checkpoint_map",
  "langgraph_checkpoint_ns",
  "langgraph_node",
  "langgraph_path",
  "langgraph_step",
  "langgraph_triggers",
  "thread_id",
];

const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null;
const isEvent = (value: unknown): value is Event => isMembers(value) && "event" in value && "data" in value;
const isStream = (list: readonly unknown[]): list is readonly Event[] => list.length > 0 && list.every(isEvent);
const isCheckpoint = ({ event }: Event): boolean => event === "checkpoints" || event.startsWith("checkpoints|");
const isNote = (event: Event): boolean => isCheckpoint(event) && isMembers(event.data) && !("values" in event.data);

function short(data: unknown): unknown {
  const { values, metadata, next } = isMembers(data) ? data : {};
  return { values, metadata, next };
}
