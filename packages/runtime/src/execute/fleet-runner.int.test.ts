import type { GraphThread } from "@graphfleet/domain";
import { Annotation, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import { at, openFleet, type TestFleet } from "../../test/fleet.js";
import { perform } from "../../test/harness.js";

const State = Annotation.Root({
  text: Annotation<string>(),
  answer: Annotation<unknown>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

/** What the worker does between two steps; tests make it die there. */
let between: (node: string) => void = () => undefined;
const executed: string[] = [];
const step = (name: string) => () => {
  executed.push(name);
  between(name);
  return { log: [name] };
};

const steps = new StateGraph(State)
  .addNode("one", step("one"))
  .addNode("two", step("two"))
  .addNode("three", step("three"))
  .addEdge(START, "one")
  .addEdge("one", "two")
  .addEdge("two", "three")
  .addEdge("three", END)
  .compile();

const asking = new StateGraph(State)
  .addNode("before", step("before"))
  .addNode("ask", () => {
    executed.push("ask");
    return { answer: interrupt({ question: "sure?" }), log: ["asked"] };
  })
  .addEdge(START, "before")
  .addEdge("before", "ask")
  .addEdge("ask", END)
  .compile();

const twoQuestions = new StateGraph(State)
  .addNode("left", () => ({ log: [`left ${interrupt("left?") as string}`] }))
  .addNode("right", () => ({ log: [`right ${interrupt("right?") as string}`] }))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .addEdge("left", END)
  .addEdge("right", END)
  .compile();

const inner = new StateGraph(State)
  .addNode("inner", () => ({ answer: interrupt("deep?") }))
  .addEdge(START, "inner")
  .addEdge("inner", END)
  .compile();
const nested = new StateGraph(State).addNode("sub", inner).addEdge(START, "sub").addEdge("sub", END).compile();

const fan = new StateGraph(State)
  .addNode("leaf", ({ text }) => ({ log: [text] }))
  .addConditionalEdges(START, () => ["a", "b", "c"].map((text) => new Send("leaf", { text })), ["leaf"])
  .addEdge("leaf", END)
  .compile();

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await openFleet({ steps, asking, twoQuestions, nested, fan });
});
afterAll(() => fleet.ledger.close());
beforeEach(() => {
  between = () => undefined;
  executed.length = 0;
});

const input = { text: "hi", log: ["input"] };

async function checkpointsOf(thread: GraphThread) {
  const { rows } = await fleet.ledger.pool.query(
    "select checkpoint_id, metadata from checkpoints where thread_id = $1 and checkpoint_ns = '' order by checkpoint_id desc",
    [thread.id],
  );
  return rows as { checkpoint_id: string; metadata: Record<string, unknown> }[];
}

describe("one run after another", () => {
  test("each goes on from the state of the one before", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const { finish } = await fleet.run(thread, { input: { log: ["again"] } });
    expect(finish.values).toEqual({
      text: "hi",
      log: ["input", "one", "two", "three", "again", "one", "two", "three"],
    });
    expect(finish.checkpointId).toBe((await checkpointsOf(thread))[0]?.checkpoint_id);
  });

  test("everything is in the database when a run is done", async () => {
    const thread = await fleet.thread("fan");
    const { finish } = await fleet.run(thread, { input });
    expect(finish.values).toEqual({ text: "hi", log: ["input", "a", "b", "c"] });
    expect(await fleet.states.get(thread, { subgraphs: false })).toMatchObject({ values: finish.values, next: [] });
  });
});

describe("pauses", () => {
  test.each([["yes"], [{ deep: [1] }], [true], [42], [false], [0], [""]])(
    "an interrupt is answered with %j",
    async (answer) => {
      const thread = await fleet.thread("asking");
      const paused = await fleet.run(thread, { input });
      expect(paused.finish.next).toEqual(["ask"]);
      const { finish } = await fleet.run(thread, { input: null, command: { resume: answer } });
      expect(finish).toMatchObject({ next: [], interrupts: {}, values: { answer, log: ["input", "before", "asked"] } });
      expect(JSON.parse(finish.output)).not.toHaveProperty("__interrupt__");
    },
  );

  test("several interrupts are answered by id", async () => {
    const thread = await fleet.thread("twoQuestions");
    const { finish: paused } = await fleet.run(thread, { input });
    const questions = Object.values(paused.interrupts).flat();
    expect(new Set(questions.map(({ value }) => value))).toEqual(new Set(["left?", "right?"]));
    const resume = Object.fromEntries(questions.map(({ id, value }) => [id, `to ${value as string}`]));
    const { finish } = await fleet.run(thread, { input: null, command: { resume } });
    expect(at(finish.values, "log")).toEqual(["input", "left to left?", "right to right?"]);
  });

  test("a question that was answered waits no longer, while the other one does", async () => {
    const thread = await fleet.thread("twoQuestions");
    const { finish: paused } = await fleet.run(thread, { input });
    const [first, second] = Object.values(paused.interrupts).flat();

    const { finish: half } = await fleet.run(thread, { input: null, command: { resume: { [first!.id]: "one" } } });

    expect(Object.values(half.interrupts).flat()).toEqual([second]);
    expect(JSON.parse(half.output)).toMatchObject({ __interrupt__: [second] });
    expect((await fleet.runner.snapshot(thread, { without: null })).interrupts).toEqual(half.interrupts);
    // One is left, so an answer needs no address, not even one that JavaScript takes for nothing.
    const { finish } = await fleet.run(thread, { input: null, command: { resume: 0 } });
    expect(finish).toMatchObject({ next: [], interrupts: {} });
    expect(at(finish.values, "log")).toHaveLength(3);
  });

  test("an interrupt in a subgraph pauses the graph, and its answer gets there", async () => {
    const thread = await fleet.thread("nested");
    const { finish: paused } = await fleet.run(thread, { input });
    expect(paused.next).toEqual(["sub"]);
    expect(Object.values(paused.interrupts).flat()).toMatchObject([{ value: "deep?" }]);
    const { finish } = await fleet.run(thread, { input: null, command: { resume: "down" } });
    expect(finish.values).toMatchObject({ answer: "down" });
  });

  test("a breakpoint is passed by a run without input", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input, interruptBefore: ["two"] });
    const { finish } = await fleet.run(thread, { input: null, interruptBefore: ["two"] });
    expect(finish).toMatchObject({ next: [], values: { log: ["input", "one", "two", "three"] } });
  });
});

describe("time travel", () => {
  test("a run from an older checkpoint makes a branch of its own", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const history = await fleet.states.history(thread, { limit: 10 });
    const beforeTwo = history.find(({ next }) => next[0] === "two")?.checkpoint?.checkpointId;
    executed.length = 0;
    const { finish } = await fleet.run(thread, {
      input: null,
      config: { configurable: { checkpoint_id: beforeTwo ?? "" } },
    });
    expect(executed).toEqual(["two", "three"]);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three"]);
  });
});

class Killed extends Error {}

/** Performs until the worker dies in `node`; whatever was written by then stays. */
async function killedIn(node: string, run: Awaited<ReturnType<TestFleet["claim"]>>) {
  const control = new AbortController();
  between = (name) => {
    if (name !== node) return;
    control.abort(new Killed());
    throw new Killed();
  };
  await expect(perform(fleet.runner, run, { signal: control.signal })).rejects.toBeInstanceOf(Killed);
  between = () => undefined;
  return run;
}

/** The same, and the next worker has the run. */
const dieIn = async (node: string, run: Awaited<ReturnType<TestFleet["claim"]>>) =>
  fleet.reclaim(await killedIn(node, run));

describe("the next attempt of a run", () => {
  test.each(["async", "sync"] as const)(
    "goes on after the last step that was saved, with durability %s",
    async (durability) => {
      const thread = await fleet.thread("steps");
      const next = await dieIn("two", await fleet.claim(thread, { input, durability }));
      const { finish, events } = await perform(fleet.runner, next);
      expect(executed).toEqual(["one", "two", "two", "three"]);
      expect(finish.values).toEqual({ text: "hi", log: ["input", "one", "two", "three"] });
      // The state after "one" was told by the first worker.
      expect(events.map(({ data }) => (data as typeof State.State).log.at(-1))).toEqual(["two", "three"]);
    },
  );

  test("goes on from what a failing attempt left with durability exit", async () => {
    const thread = await fleet.thread("steps");
    const next = await dieIn("two", await fleet.claim(thread, { input, durability: "exit" }));
    const { finish } = await perform(fleet.runner, next);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three"]);
  });

  test("starts over on a thread that others have written to", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const run = await fleet.reclaim(await fleet.claim(thread, { input: { log: ["again"] } }));
    const { finish } = await perform(fleet.runner, run);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three", "again", "one", "two", "three"]);
  });

  test("goes on from its own head when the run had travelled in time", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const history = await fleet.states.history(thread, { limit: 10 });
    const beforeOne = history.find(({ next }) => next[0] === "one")?.checkpoint?.checkpointId ?? "";
    executed.length = 0;
    const run = await fleet.claim(thread, { input: null, config: { configurable: { checkpoint_id: beforeOne } } });
    const { finish } = await perform(fleet.runner, await dieIn("three", run));
    expect(executed).toEqual(["one", "two", "three", "three"]);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three"]);
  });

  test.each([
    ["a finished graph", "steps", {}, [], null],
    ["a breakpoint before a node", "steps", { interruptBefore: ["two"] }, ["two"], []],
    ["a breakpoint after a node", "steps", { interruptAfter: ["one"] }, ["two"], []],
    ["a breakpoint before every node", "steps", { interruptBefore: "*" as const }, ["one"], []],
    ["a breakpoint after every node", "steps", { interruptAfter: "*" as const }, ["two"], []],
    ["an interrupt", "asking", {}, ["ask"], [expect.objectContaining({ value: { question: "sure?" } })]],
  ])("settles %s without executing anything", async (_name, graphId, spec, next, pause) => {
    const thread = await fleet.thread(graphId);
    const run = await fleet.claim(thread, { input, ...spec });
    const first = await perform(fleet.runner, run);
    expect(first.finish.next).toEqual(next);

    executed.length = 0;
    const { finish, events } = await perform(fleet.runner, await fleet.reclaim(run));
    expect(executed).toEqual([]);
    expect(events).toEqual([]);
    expect(finish).toEqual(first.finish);
    expect(JSON.parse(finish.output).__interrupt__ ?? null).toEqual(pause);
  });

  test("is not stopped by a breakpoint that it had passed", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input, interruptBefore: ["two"] });
    const run = await fleet.claim(thread, { input: null, interruptBefore: ["two"] });
    const { finish } = await perform(fleet.runner, await dieIn("three", run));
    expect(finish).toMatchObject({ next: [], values: { log: ["input", "one", "two", "three"] } });
  });

  test("gives an answer again that its predecessor could not use", async () => {
    const thread = await fleet.thread("asking");
    await fleet.run(thread, { input });
    const run = await fleet.reclaim(await fleet.claim(thread, { input: null, command: { resume: "yes" } }));
    const { finish } = await perform(fleet.runner, run);
    expect(finish).toMatchObject({ next: [], values: { answer: "yes" } });
  });
});

describe("a run that a stopping worker gave back", () => {
  test("goes on from its own head when it had travelled in time", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    const history = await fleet.states.history(thread, { limit: 10 });
    const beforeOne = history.find(({ next }) => next[0] === "one")?.checkpoint?.checkpointId ?? "";
    executed.length = 0;
    const run = await fleet.claim(thread, { input: null, config: { configurable: { checkpoint_id: beforeOne } } });
    const { finish } = await perform(fleet.runner, await fleet.handOver(await killedIn("three", run)));
    expect(executed).toEqual(["one", "two", "three", "three"]);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three"]);
  });

  test("does not give its update again", async () => {
    const thread = await fleet.thread("steps");
    await fleet.run(thread, { input });
    executed.length = 0;
    const command = { update: { log: ["update"] }, goto: "two" };
    const run = await killedIn("three", await fleet.claim(thread, { input: null, command }));
    const { finish } = await perform(fleet.runner, await fleet.handOver(run));
    expect(executed).toEqual(["two", "three", "three"]);
    expect(at(finish.values, "log")).toEqual(["input", "one", "two", "three", "update", "two", "three"]);
  });

  test("is not carried past the breakpoint where it had come to rest", async () => {
    const thread = await fleet.thread("steps");
    const run = await fleet.claim(thread, { input, interruptBefore: ["two"] });
    const first = await perform(fleet.runner, run);
    const { finish, events } = await perform(fleet.runner, await fleet.handOver(run));
    expect(executed).toEqual(["one"]);
    expect(events).toEqual([]);
    expect(finish).toEqual(first.finish);
  });
});

describe("snapshot", () => {
  test("after a cancel: what the run had reached", async () => {
    const thread = await fleet.thread("steps");
    await dieIn("two", await fleet.claim(thread, { input }));
    expect(await fleet.runner.snapshot(thread, { without: null })).toMatchObject({
      values: { log: ["input", "one"] },
      next: ["two"],
      interrupts: {},
    });
  });

  test("without a run: as it was before, its answers to older questions included", async () => {
    const thread = await fleet.thread("asking");
    const { finish } = await fleet.run(thread, { input });
    const run = await fleet.claim(thread, { input: null, command: { resume: "yes" } });
    await perform(fleet.runner, run);
    expect(await fleet.runner.snapshot(thread, { without: null })).toMatchObject({
      next: [],
      values: { answer: "yes" },
    });
    const { output: _output, ...before } = finish;
    expect(await fleet.runner.snapshot(thread, { without: run.id })).toEqual(before);
  });

  test("without the only run: nothing", async () => {
    const thread = await fleet.thread("steps");
    const run = await fleet.claim(thread, { input });
    await perform(fleet.runner, run);
    expect(await fleet.runner.snapshot(thread, { without: run.id })).toEqual({
      values: null,
      interrupts: {},
      next: [],
      checkpointId: null,
    });
  });
});

test("a cancelled run keeps the steps it finished", async () => {
  const thread = await fleet.thread("steps");
  await dieIn("three", await fleet.claim(thread, { input }));
  expect((await checkpointsOf(thread)).map(({ metadata }) => metadata["step"])).toEqual([2, 1, 0, -1]);
});
