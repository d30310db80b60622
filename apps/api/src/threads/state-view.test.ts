import type { StateSnapshot, TaskState } from "@graphfleet/domain";
import { checkpointView, stateView } from "./state-view.js";

const state = (more: Partial<StateSnapshot> = {}): StateSnapshot => ({
  values: {},
  next: [],
  tasks: [],
  metadata: {},
  createdAt: null,
  checkpoint: null,
  parentCheckpoint: null,
  ...more,
});

const task = (id: string, more: Partial<TaskState> = {}): TaskState => ({
  id,
  name: "node",
  path: ["p"],
  error: null,
  interrupts: [],
  checkpoint: null,
  state: null,
  result: null,
  ...more,
});

describe("stateView", () => {
  test("lists the interrupts of all tasks flat, at the top only", () => {
    const first = { id: "i1", value: "?" };
    const second = { id: "i2", value: { a: 1 } };
    const inner = state({ tasks: [task("inner", { interrupts: [second] })] });

    const view = stateView(
      state({ tasks: [task("t1", { interrupts: [first] }), task("t2", { interrupts: [second], state: inner })] }),
    );

    expect(view.interrupts).toEqual([first, second]);
    const nested = (view as unknown as { tasks: { state: object }[] }).tasks[1]!.state;
    expect(Object.keys(nested)).toEqual([
      "values",
      "next",
      "tasks",
      "metadata",
      "created_at",
      "checkpoint",
      "parent_checkpoint",
    ]);
  });
});

describe("checkpointView", () => {
  test("names the map of a checkpoint, null or not", () => {
    const ref = { threadId: "t", checkpointNs: "", checkpointId: "c" };
    expect(checkpointView(ref)).toEqual({
      thread_id: "t",
      checkpoint_ns: "",
      checkpoint_id: "c",
      checkpoint_map: null,
    });
    expect(checkpointView({ ...ref, checkpointMap: { "": "c" } })).toMatchObject({ checkpoint_map: { "": "c" } });
  });

  test("has two members for a subgraph that is only referred to", () => {
    expect(checkpointView({ threadId: "t", checkpointNs: "child:1" })).toEqual({
      thread_id: "t",
      checkpoint_ns: "child:1",
    });
  });
});
