/** The fixtures behave as they say, so that a failing test of the fleet is about the fleet. */
import { AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { Command, InMemoryStore, MemorySaver } from "@langchain/langgraph";
import { graph as big } from "./big.js";
import { graph as blocker } from "./blocker.js";
import { graph as context } from "./context.js";
import { graph as counter } from "./counter.js";
import { graph as crasher } from "./crasher.js";
import { graph as echo } from "./echo.js";
import { graph as failing } from "./failing.js";
import { graph as interrupting } from "./interrupting.js";
import { graph as slow } from "./slow.js";
import { graph as subgraph } from "./subgraph.js";
import { graph as tokens } from "./tokens.js";

const store = new InMemoryStore();
for (const graph of [big, blocker, context, counter, crasher, echo, failing, interrupting, slow, subgraph, tokens]) {
  graph.checkpointer = new MemorySaver();
  graph.store = store;
}

let threads = 0;
const thread = () => ({ configurable: { thread_id: `thread-${(threads += 1)}` } });

async function collect<T>(stream: Promise<AsyncIterable<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of await stream) items.push(item);
  return items;
}

test("echo answers with the last human message", async () => {
  const { messages } = await echo.invoke({ messages: [new HumanMessage("hello")] }, thread());

  expect(messages.map(({ text }) => text)).toEqual(["hello", "hello"]);
});

test("crasher survives the attempt after the last crash", async () => {
  const { survived } = await crasher.invoke({ crashes: 2 }, { ...thread(), metadata: { run_attempt: 3 } });

  expect(survived).toBe(true);
});

describe("slow", () => {
  test("reports start and finish", async () => {
    const events = await collect(slow.stream({ ms: 0, mark: "a" }, { ...thread(), streamMode: "custom" as const }));

    expect(events).toEqual([
      { event: "started", mark: "a" },
      { event: "finished", mark: "a" },
    ]);
  });

  test("stops when the run is aborted", async () => {
    const stop = new AbortController();
    const config = { ...thread(), signal: stop.signal, streamMode: "custom" as const };

    const reading = (async () => {
      for await (const event of await slow.stream({ ms: 60_000, mark: "b" }, config)) if (event) stop.abort();
    })();

    await expect(reading).rejects.toThrow(/abort/i);
  });
});

test("failing throws its own kind of error after one good step", async () => {
  const config = thread();

  await expect(failing.invoke({}, config)).rejects.toMatchObject({ name: "CustomError", message: "Boo!" });
  expect((await failing.getState(config)).values).toMatchObject({ prepared: true });
});

describe("interrupting", () => {
  test("asks several questions at once and takes a map of answers", async () => {
    const config = thread();
    await interrupting.invoke({ questions: ["one", "two"] }, config);

    const asked = (await interrupting.getState(config)).tasks.flatMap((task) => task.interrupts);
    const resume = Object.fromEntries(asked.map(({ id, value }) => [id, `to ${value.question}`]));
    const state = await interrupting.invoke(new Command({ resume }), config);

    expect(state.answers).toEqual([
      { question: "one", answer: "to one" },
      { question: "two", answer: "to two" },
    ]);
    expect(state.visited).toEqual(["before", "ask", "ask", "after"]);
  });

  test("stops at a static interrupt and goes on", async () => {
    const config = thread();

    const paused = await interrupting.invoke({ questions: [] }, { ...config, interruptBefore: ["after"] });
    expect(paused.visited).toEqual(["before"]);

    const state = await interrupting.invoke(null, config);
    expect(state.visited).toEqual(["before", "after"]);
  });
});

test.each([0, 1])("tokens streams as many tokens as asked, %i ms apart", async (ms) => {
  const parts = await collect(tokens.stream({ count: 20, ms }, { ...thread(), streamMode: "messages" as const }));

  const texts = parts.flatMap(([message]) => (AIMessageChunk.isInstance(message) ? [message.text] : []));
  expect(texts.filter((text) => text !== "")).toEqual(Array.from({ length: 20 }, (_, index) => `t${index} `));
});

describe("subgraph", () => {
  test("runs the child between the parent's nodes, under its own namespace", async () => {
    const config = { ...thread(), streamMode: "updates" as const, subgraphs: true as const };

    const updates = await collect(subgraph.stream({}, config));

    const seen = updates.map(([namespace, update]) => [namespace[0]?.split(":")[0] ?? "root", ...Object.keys(update)]);
    expect(seen).toEqual([
      ["root", "parent_start"],
      ["child_graph", "child_one"],
      ["child_graph", "child_two"],
      ["root", "child_graph"],
      ["root", "parent_end"],
    ]);
  });

  test("pauses in the child and takes the answer", async () => {
    const config = thread();
    await subgraph.invoke({ ask: true }, config);

    const { path } = await subgraph.invoke(new Command({ resume: "tea" }), config);

    expect(path).toEqual(["parent_start", "child_one", "answer: tea", "child_two", "parent_end"]);
  });
});

test("counter logs its input and each step once, and goes on counting", async () => {
  const config = thread();

  await counter.invoke({ log: ["input"], steps: 2 }, config);
  const { log } = await counter.invoke({ log: ["input"], steps: 1 }, config);

  expect(log).toEqual(["input", "step 0", "step 1", "input", "step 2"]);
});

test("blocker tells when it is about to block and when it has", async () => {
  const events = await collect(blocker.stream({ ms: 1 }, { ...thread(), streamMode: "custom" as const }));

  expect(events).toEqual([{ event: "blocking" }, { event: "blocked" }]);
});

test("context returns what it was given and shares the store", async () => {
  const config = { configurable: { ...thread().configurable, user_id: "ada" }, context: { tone: "kind" } };

  const first = await context.invoke({ remember: { key: "k", value: 1 } }, config);
  const second = await context.invoke({}, thread());

  expect(first).toMatchObject({ configurable: { user_id: "ada" }, context: { tone: "kind" }, remembered: { k: 1 } });
  expect(second.remembered).toEqual({ k: 1 });
});

test("big returns a state of the size asked for", async () => {
  const { payload } = await big.invoke({ bytes: 100_000 }, thread());

  expect(payload).toHaveLength(100_000);
});
