import type { GraphThread, PreparedUpdate, StateSnapshot } from "@graphfleet/domain";
import { Annotation, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { at, openFleet, type TestFleet } from "../../test/fleet.js";
import { perform } from "../../test/harness.js";

const State = Annotation.Root({
  text: Annotation<string>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

const steps = new StateGraph(State)
  .addNode("one", () => ({ log: ["one"] }))
  .addNode("two", () => ({ log: ["two"] }))
  .addEdge(START, "one")
  .addEdge("one", "two")
  .addEdge("two", END)
  .compile();

const inner = new StateGraph(State)
  .addNode("deep", () => ({ text: interrupt("deep?") as string }))
  .addEdge(START, "deep")
  .addEdge("deep", END)
  .compile();
const nested = new StateGraph(State).addNode("sub", inner).addEdge(START, "sub").addEdge("sub", END).compile();

const parallel = new StateGraph(State)
  .addNode("left", () => ({ log: ["left"] }))
  .addNode("right", () => ({ log: ["right"] }))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .addEdge("left", END)
  .addEdge("right", END)
  .compile();

class CustomError extends Error {
  override readonly name = "CustomError";
}
const failing = new StateGraph(State)
  .addNode("fail", () => {
    throw new CustomError("Boo!");
  })
  .addEdge(START, "fail")
  .addEdge("fail", END)
  .compile();

const chat = new StateGraph(MessagesAnnotation)
  .addNode("answer", () => ({ messages: [{ role: "ai", content: "hello", id: "a" }] }))
  .addEdge(START, "answer")
  .addEdge("answer", END)
  .compile();

/** Its node has the name that the thread was configured with. */
const named = (config: { configurable?: Record<string, unknown> }) => {
  const name = (config.configurable?.["nodeName"] as string | undefined) ?? "unnamed";
  return new StateGraph(State)
    .addNode(name, () => ({ log: [name] }))
    .addEdge(START, name)
    .addEdge(name, END);
};

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await openFleet({ steps, nested, failing, chat, named, parallel });
});
afterAll(() => fleet.ledger.close());

const input = { text: "hi" };

/** What the use case does with a prepared update. */
async function write({ batches }: PreparedUpdate) {
  for (const batch of batches) expect(await fleet.ledger.storage.checkpoints.write(batch, null)).toBe(true);
}

const state = (thread: GraphThread, subgraphs = false) => fleet.states.get(thread, { subgraphs });

describe("get", () => {
  test("a thread without checkpoints is empty", async () => {
    expect(await state(await fleet.thread("steps"))).toEqual({
      values: {},
      next: [],
      tasks: [],
      metadata: {},
      createdAt: null,
      checkpoint: null,
      parentCheckpoint: null,
    });
  });

  test("the head: values, what is next, and where it came from", async () => {
    const thread = await fleet.thread("steps");
    const run = await fleet.claim(thread, {
      input,
      interruptBefore: ["two"],
      config: { configurable: { "user-agent": "me" } },
    });
    const { finish } = await perform(fleet.runner, run);
    const seen = await state(thread);
    expect(seen).toEqual({
      values: { text: "hi", log: ["one"] },
      next: ["two"],
      tasks: [
        {
          id: expect.any(String),
          name: "two",
          path: ["__pregel_pull", "two"],
          error: null,
          interrupts: [],
          checkpoint: null,
          state: null,
          result: null,
        },
      ],
      metadata: {
        source: "loop",
        step: 1,
        parents: {},
        thread_id: thread.id,
        run_id: run.id,
        run_attempt: 1,
        graph_id: "steps",
        assistant_id: run.assistantId,
        "user-agent": "me",
        langgraph_version: "1.2.3",
        langgraph_plan: "developer",
        langgraph_host: "self-hosted",
        ls_integration: "langgraph",
      },
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      checkpoint: { threadId: thread.id, checkpointNs: "", checkpointId: finish.checkpointId, checkpointMap: null },
      parentCheckpoint: {
        threadId: thread.id,
        checkpointNs: "",
        checkpointId: expect.any(String),
        checkpointMap: null,
      },
    });
  });

  test("a checkpoint by id; one that does not exist is named and empty", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const [, before] = await fleet.states.history(thread, { limit: 2 });
    const checkpointId = before?.checkpoint?.checkpointId ?? "";
    expect(await fleet.states.get(thread, { checkpoint: { checkpointId }, subgraphs: false })).toEqual(before);

    const unknown = "1ef00000-0000-6000-8000-000000000000";
    expect(await fleet.states.get(thread, { checkpoint: { checkpointId: unknown }, subgraphs: false })).toMatchObject({
      values: {},
      createdAt: null,
      checkpoint: { threadId: thread.id, checkpointId: unknown },
    });
  });

  test("messages are flat", async () => {
    const thread = await fleet.thread("chat");
    await fleet.run(thread, { input: { messages: [{ role: "user", content: "x", id: "h" }] } });
    expect(await state(thread)).toMatchObject({
      values: {
        messages: [
          { type: "human", content: "x", id: "h" },
          { type: "ai", content: "hello", id: "a" },
        ],
      },
    });
  });

  test("an error is told as JSON text", async () => {
    const thread = await fleet.thread("failing");
    await expect(fleet.run(thread, { input })).rejects.toThrow("Boo!");
    const [task] = (await state(thread)).tasks;
    expect(JSON.parse(task?.error ?? "")).toEqual({ name: "CustomError", message: "Boo!" });
  });

  test("a graph that nobody serves is a known error", async () => {
    await expect(state(await fleet.thread("nope"))).rejects.toMatchObject({ code: "graph_not_found" });
  });
});

describe("subgraphs", () => {
  const paused = async () => {
    const thread = await fleet.thread("nested");
    await fleet.run(thread, { input });
    return thread;
  };
  const subgraphNs = (snapshot: StateSnapshot) => snapshot.tasks[0]?.checkpoint?.checkpointNs ?? "";

  test("are named by exactly a thread and a namespace", async () => {
    const thread = await paused();
    const [task] = (await state(thread)).tasks;
    expect(task).toMatchObject({ state: null, interrupts: [{ value: "deep?" }] });
    expect(task?.checkpoint).toEqual({ threadId: thread.id, checkpointNs: `sub:${task?.id}` });
  });

  test("show their state when asked", async () => {
    const thread = await paused();
    const root = await state(thread, true);
    const [task] = root.tasks;
    const rootId = root.checkpoint?.checkpointId;
    const ns = `sub:${task?.id}`;
    expect(task?.checkpoint).toBeNull();
    expect(task?.state).toMatchObject({
      values: { text: "hi" },
      next: ["deep"],
      tasks: [{ name: "deep", interrupts: [{ value: "deep?" }] }],
      checkpoint: { checkpointNs: ns, checkpointMap: { "": rootId, [ns]: task?.state?.checkpoint?.checkpointId } },
    });
    expect(Object.keys(task?.state ?? {}).toSorted()).toEqual(Object.keys(root).toSorted());
  });

  test("have a history of their own, and can be edited", async () => {
    const thread = await paused();
    const checkpointNs = subgraphNs(await state(thread));
    const history = await fleet.states.history(thread, { limit: 10, checkpoint: { checkpointNs } });
    expect(history.map(({ next }) => next)).toEqual([["deep"], ["__start__"]]);

    const update = await fleet.states.prepareUpdate(thread, {
      values: { text: "edited" },
      asNode: "deep",
      checkpoint: { checkpointNs },
    });
    await write(update);
    expect(update.checkpoint).toMatchObject({ checkpointNs });
    expect(await fleet.states.get(thread, { checkpoint: { checkpointNs }, subgraphs: false })).toMatchObject({
      values: { text: "edited" },
      next: [],
    });
  });
});

describe("history", () => {
  test("newest first, by page, and by what a run was labelled with", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    await fleet.run(thread, { input, config: { metadata: { purpose: "second" } } });
    const all = await fleet.states.history(thread, { limit: 100 });
    expect(all.map(({ next }) => next.join("+"))).toEqual([
      "",
      "two",
      "one",
      "__start__",
      "",
      "two",
      "one",
      "__start__",
    ]);
    expect(all.at(-1)?.parentCheckpoint).toBeNull();
    expect(all.map(({ checkpoint }) => checkpoint)).toEqual(
      all.map((_, index) => all[index - 1]?.parentCheckpoint ?? all[0]?.checkpoint),
    );

    const before = all[2]?.checkpoint?.checkpointId ?? "";
    expect(await fleet.states.history(thread, { limit: 3, before })).toEqual(all.slice(3, 6));
    expect(await fleet.states.history(thread, { limit: 100, metadata: { purpose: "second" } })).toEqual(
      all.slice(0, 4),
    );
  });

  test("an empty thread has none", async () => {
    expect(await fleet.states.history(await fleet.thread("steps"), { limit: 10 })).toEqual([]);
  });
});

describe("prepareUpdate", () => {
  test("goes through the reducers, and writes nothing by itself", async () => {
    const thread = await fleet.thread("steps");
    const { finish } = await fleet.run(thread, { input, interruptBefore: ["two"] });
    const before = await state(thread);
    const update = await fleet.states.prepareUpdate(thread, { values: { log: ["by hand"] }, asNode: "one" });
    expect(await state(thread)).toEqual(before);
    expect(update).toMatchObject({
      basedOn: finish.checkpointId,
      checkpoint: { threadId: thread.id, checkpointNs: "", checkpointId: expect.any(String), checkpointMap: null },
      snapshot: { values: { text: "hi", log: ["one", "by hand"] }, interrupts: {} },
      next: ["two"],
    });

    await write(update);
    const after = await state(thread);
    expect(after).toMatchObject({
      values: update.snapshot.values,
      next: update.next,
      checkpoint: update.checkpoint,
      parentCheckpoint: before.checkpoint,
      metadata: { source: "update", step: 2, graph_id: "steps" },
    });
    // It is nobody's run: a rollback of the run before must leave it alone.
    expect(after.metadata).not.toHaveProperty("run_id");
    const next = await fleet.run(thread, { input: null });
    expect(at(next.finish.values, "log")).toEqual(["one", "by hand", "two"]);
  });

  test("an edited question is no longer open", async () => {
    const thread = await fleet.thread("nested");
    await fleet.run(thread, { input });
    const update = await fleet.states.prepareUpdate(thread, { values: { text: "mine" }, asNode: "sub" });
    expect(update).toMatchObject({ snapshot: { values: { text: "mine" }, interrupts: {} }, next: [] });
    await write(update);
    expect(await state(thread)).toMatchObject({ next: [], tasks: [] });
  });

  test("an older checkpoint can be edited; the edit becomes the head", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const history = await fleet.states.history(thread, { limit: 10 });
    const checkpointId = history.find(({ next }) => next[0] === "one")?.checkpoint?.checkpointId ?? "";
    const update = await fleet.states.prepareUpdate(thread, {
      values: { text: "forked" },
      checkpoint: { checkpointId },
      asNode: "__start__",
    });
    expect(update).toMatchObject({ snapshot: { values: { text: "forked", log: [] } }, next: ["one"] });
    await write(update);
    const { finish } = await fleet.run(thread, { input: null });
    expect(finish.values).toEqual({ text: "forked", log: ["one", "two"] });
  });

  test("ends a thread with `__end__`", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input, interruptBefore: ["two"] });
    const update = await fleet.states.prepareUpdate(thread, { values: null, asNode: "__end__" });
    expect(update.next).toEqual([]);
    await write(update);
    expect(await state(thread)).toMatchObject({ next: [] });
    expect((await state(thread)).metadata).not.toHaveProperty("run_id");
  });

  test.each([
    ["a node that does not exist", { values: {}, asNode: "nope" }],
    ["a subgraph that does not exist", { values: {}, asNode: "x", checkpoint: { checkpointNs: "nope:1" } }],
  ])("%s is the caller's mistake", async (_name, update) => {
    const thread = await fleet.thread("steps");
    await expect(fleet.states.prepareUpdate(thread, update)).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("an update that two nodes could have made is the caller's mistake", async () => {
    const thread = await fleet.thread("parallel");
    await fleet.run(thread, { input });
    await expect(fleet.states.prepareUpdate(thread, { values: { log: ["x"] } })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("Ambiguous update"),
    });
  });

  test("a factory is asked with the config that the thread last ran with", async () => {
    const thread = { ...(await fleet.thread("named")), config: { configurable: { nodeName: "assistant" } } };
    await fleet.run(thread, { input, config: thread.config });
    const update = await fleet.states.prepareUpdate(thread, { values: { log: ["x"] }, asNode: "assistant" });
    expect(update.snapshot.values).toEqual({ text: "hi", log: ["assistant", "x"] });
  });
});

describe("prepareSupersteps", () => {
  test("replays a thread: same states, one checkpoint per superstep", async () => {
    const original = await fleet.thread("steps");
    const { events } = await fleet.run(original, { input, streamModes: ["updates"] });
    const copy = await fleet.thread("steps");
    const prepared = await fleet.states.prepareSupersteps(copy, [
      [{ values: input, asNode: "__input__" }],
      [{ values: input, asNode: "__start__" }],
      ...events.map(({ data }) =>
        Object.entries(data).map(([asNode, values]) => ({ values: values as object as never, asNode })),
      ),
    ]);
    expect(prepared.basedOn).toBeNull();
    await write(prepared);

    const shape = async (thread: GraphThread) =>
      (await fleet.states.history(thread, { limit: 100 })).map(({ next, values }) => ({ next, values }));
    expect(await shape(copy)).toEqual(await shape(original));
    expect(prepared).toMatchObject({ snapshot: { values: { text: "hi", log: ["one", "two"] } }, next: [] });
  });

  test("takes commands", async () => {
    const thread = await fleet.thread("steps");
    const prepared = await fleet.states.prepareSupersteps(thread, [
      [{ values: input, asNode: "__input__" }],
      [{ command: { update: { log: ["c"] }, goto: "two" }, asNode: "one" }],
    ]);
    expect(prepared).toMatchObject({ snapshot: { values: { log: ["c"] } } });
    expect(prepared.next).toContain("two");
  });
});

describe("output", () => {
  test("what wait would have answered, at the end of each run", async () => {
    const thread = await fleet.thread("nested");
    const first = await fleet.run(thread, { input });
    const second = await fleet.run(thread, { input: null, command: { resume: "down" } });
    const output = async (id: string | null) => JSON.parse(await fleet.states.output(thread, id)) as unknown;
    expect(await output(second.finish.checkpointId)).toEqual(JSON.parse(second.finish.output));
    expect(await output(null)).toEqual(JSON.parse(second.finish.output));
    expect(await output(first.finish.checkpointId)).toMatchObject({ __interrupt__: [{ value: "deep?" }] });
  });

  test("is never null", async () => {
    expect(await fleet.states.output(await fleet.thread("steps"), null)).toBe("{}");
  });
});
