import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Client, StreamMode } from "@langchain/langgraph-sdk";
import { repositoryPath } from "./support/fleet.js";
import { Served } from "./support/served.js";

// Projects as they are written for the official command line, unchanged: `tests/projects/layouts`.

let folder: string;
let served: Served;
let client: Client;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-layouts-")));
  served = await Served.start(repositoryPath("tests/projects/layouts"), folder);
  ({ client } = served);
});
afterAll(async () => {
  await served?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const MODES = [
  "values",
  "updates",
  "messages-tuple",
  "debug",
  "custom",
  "tasks",
  "checkpoints",
] as const satisfies StreamMode[];
const human = (content: string) => ({ messages: [{ role: "human", content }] });
const contentsOf = (state: { values: unknown }) =>
  (state.values as { messages: { content: unknown }[] }).messages.map(({ content }) => content);

async function threadOf(): Promise<string> {
  return (await client.threads.create()).thread_id;
}

describe("an agent with tools, as its template has it", () => {
  const config = { configurable: { systemPromptTemplate: "Well:" } };

  test("streams in every mode, with its settings", async () => {
    const thread = await threadOf();
    const events: string[] = [];
    for await (const { event } of client.runs.stream(thread, "react", {
      input: human("search weather"),
      config,
      streamMode: [...MODES],
    }))
      events.push(event);

    const heard = ["metadata", "values", "updates", "messages", "debug", "tasks", "checkpoints"];
    expect([...new Set(events)].toSorted()).toEqual(heard.toSorted());
    expect(contentsOf(await client.threads.getState(thread))).toEqual([
      "search weather",
      "",
      "results for weather",
      "Well: results for weather",
    ]);
    expect((await client.threads.getHistory(thread)).map(({ next }) => next[0])).toEqual([
      undefined,
      "callModel",
      "tools",
      "callModel",
      "__start__",
    ]);
  });

  test("asks inside a tool, and goes on with the answer", async () => {
    const thread = await threadOf();
    await client.runs.wait(thread, "react", { input: human("send ann"), config });

    const asked = await client.threads.getState(thread);
    expect(asked.next).toEqual(["tools"]);
    expect(asked.tasks[0]?.interrupts[0]?.value).toEqual({ action: "send", to: "ann" });

    await client.runs.wait(thread, "react", { command: { resume: "yes" }, config });
    expect(contentsOf(await client.threads.getState(thread)).at(-1)).toBe("Well: sent to ann");
  });
});

test("an agent that remembers: what a node puts is found by another thread and by the client, per user", async () => {
  const ask = async (userId: string, content: string) =>
    await client.runs.wait(await threadOf(), "memory", { input: human(content), config: { configurable: { userId } } });

  await ask("ann", "tea");
  expect(await ask("bob", "milk")).toMatchObject({ recalled: ["milk"] });
  expect(await ask("ann", "cake")).toMatchObject({ recalled: ["cake", "tea"] });
  expect((await client.store.searchItems(["memories", "ann"])).items.map(({ key }) => key).toSorted()).toEqual([
    "cake",
    "tea",
  ]);
});

test("a functional graph: a task is done once, an interrupt is answered, the thread remembers", async () => {
  const thread = await threadOf();
  const turn = async (text: string) => {
    await client.runs.wait(thread, "functional", { input: { text } });
    const { tasks } = await client.threads.getState(thread);
    const asked = tasks[0]?.interrupts[0]?.value as { time: number } | undefined;
    return {
      time: asked?.time,
      output: await client.runs.wait(thread, "functional", { command: { resume: "indeed" } }),
    };
  };

  const first = await turn("hi");
  expect(first.output).toEqual({ said: "HI indeed", time: first.time, turns: 1 });
  const second = await turn("ho");
  expect(second.output).toEqual({ said: "HO indeed", time: second.time, turns: 2 });
});

test("a builder nobody compiled sees what the env file says", async () => {
  expect(await client.runs.wait(null, "builder", { input: {} })).toEqual({ greeting: "hello from the env file" });
});

test("a graph's own checkpointer and store give way to the server's", async () => {
  const thread = await threadOf();
  await client.runs.wait(thread, "own_saver", { input: {} });
  expect(await client.runs.wait(thread, "own_saver", { input: {} })).toEqual({ turns: 2 });
  expect((await client.threads.getState(thread)).values).toEqual({ turns: 2 });
  expect(await client.store.getItem(["own"], "saver")).toMatchObject({ value: { seen: true } });
  // Without a thread nothing is remembered, not even by the graph's own memory.
  expect(await client.runs.wait(null, "own_saver", { input: {} })).toEqual({ turns: 1 });
});
