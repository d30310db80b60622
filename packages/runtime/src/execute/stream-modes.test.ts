import { tool } from "@langchain/core/tools";
import { END, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
import { claimedRun, names, perform, runnerOf } from "../../test/harness.js";
import { runner, State } from "../../test/small-graphs.js";

describe("stream modes", () => {
  test("values: the state after the input and after each step", async () => {
    const { events, finish } = await perform(runner, claimedRun({ graphId: "steps", input: { text: "hi" } }));
    expect(events).toEqual([
      { event: "values", data: { text: "hi", log: [] } },
      { event: "values", data: { text: "hi", log: ["one"] } },
      { event: "values", data: { text: "hi", log: ["one", "two"] } },
    ]);
    expect(finish).toEqual({
      values: { text: "hi", log: ["one", "two"] },
      interrupts: {},
      next: [],
      checkpointId: expect.any(String),
      output: JSON.stringify({ text: "hi", log: ["one", "two"] }),
    });
  });

  test("updates and custom, in the order of execution; modes nobody asked for stay out", async () => {
    const run = claimedRun({ graphId: "steps", input: { text: "hi" }, streamModes: ["updates", "custom"] });
    const { events, finish } = await perform(runner, run);
    expect(events).toEqual([
      { event: "updates", data: { one: { log: ["one"] } } },
      { event: "custom", data: { note: "hello" } },
      { event: "updates", data: { two: { log: ["two"] } } },
    ]);
    expect(JSON.parse(finish.output)).toEqual({ text: "hi", log: ["one", "two"] });
  });

  test("tasks: start and finish", async () => {
    const { events } = await perform(
      runner,
      claimedRun({ graphId: "steps", input: { text: "" }, streamModes: ["tasks"] }),
    );
    expect(names(events)).toEqual(["tasks", "tasks", "tasks", "tasks"]);
    expect(events[0]?.data).toMatchObject({ name: "one", triggers: expect.any(Array), interrupts: [] });
    expect(events[1]?.data).toMatchObject({ id: events[0]?.data.id, name: "one", result: { log: ["one"] } });
  });

  test("checkpoints and debug: whole checkpoints in wire form, without machinery or users", async () => {
    const run = claimedRun(
      {
        graphId: "steps",
        input: { text: "hi" },
        streamModes: ["checkpoints", "debug"],
        config: { configurable: { colour: "red" } },
      },
      { auth: { identity: "me", permissions: [], user: { identity: "me", secret: 1 } } },
    );
    const { events } = await perform(runner, run);
    const checkpoints = events.filter(({ event }) => event === "checkpoints").map(({ data }) => data);
    expect(checkpoints).toHaveLength(4);
    expect(checkpoints[1]).toMatchObject({
      values: { text: "hi", log: [] },
      next: ["one"],
      metadata: { source: "loop", step: 0, parents: {} },
      tasks: [{ name: "one", interrupts: [] }],
      config: { configurable: { thread_id: run.threadId, colour: "red" } },
      checkpoint: {
        thread_id: run.threadId,
        checkpoint_ns: "",
        checkpoint_id: expect.any(String),
        checkpoint_map: null,
      },
      parent_checkpoint: { checkpoint_id: checkpoints[0]?.checkpoint.checkpoint_id },
    });
    expect(checkpoints[0]?.parent_checkpoint).toBeNull();
    expect(JSON.stringify(events)).not.toMatch(/__pregel_(?!pull)|callbacks|secret/);

    const debug = events.filter(({ event, data }) => event === "debug" && data.type === "checkpoint");
    expect(debug.map(({ data }) => data.payload.checkpoint)).toEqual(checkpoints.map((it) => it.checkpoint));
    expect(events.filter(({ event, data }) => event === "debug" && data.type !== "checkpoint")).toHaveLength(4);
  });

  test("messages-tuple: tokens with where they come from", async () => {
    const run = claimedRun({
      graphId: "talking",
      input: { messages: [{ role: "user", content: "x" }] },
      streamModes: ["messages-tuple"],
    });
    const { events } = await perform(runner, run);
    expect(names(events)).toEqual(["messages", "messages"]);
    expect(events[0]?.data).toMatchObject([
      { id: events[1]?.data[0].id, content: "Hel", type: "ai" },
      { langgraph_node: "talk", run_id: run.id, run_attempt: 1, langgraph_version: "1.2.3" },
    ]);
  });

  test("messages: growing messages, then each complete one once, and nothing after", async () => {
    const run = claimedRun({
      graphId: "talking",
      input: { messages: [{ role: "user", content: "x", id: "h-1" }] },
      streamModes: ["messages", "values"],
    });
    const { events } = await perform(runner, run);
    expect(names(events)).toEqual([
      "values",
      "messages/complete",
      "messages/metadata",
      "messages/partial",
      "messages/partial",
      "values",
      "messages/complete",
    ]);
    expect(events[1]?.data).toMatchObject([{ id: "h-1", type: "human" }]);
    const { id } = events[3]!.data[0];
    expect(events[2]?.data).toMatchObject({ [id]: { metadata: { langgraph_node: "talk" } } });
    expect(events[3]?.data).toMatchObject([{ content: "Hel" }]);
    expect(events[4]?.data).toMatchObject([{ id, content: "Hello" }]);
    expect(events[6]?.data).toMatchObject([{ id, content: "Hello", type: "ai" }]);
  });

  test("events: everything that happens, besides the other modes", async () => {
    const run = claimedRun({
      graphId: "talking",
      input: { messages: [{ role: "user", content: "x", id: "h-1" }] },
      streamModes: ["events", "values", "messages"],
    });
    const { events, finish } = await perform(runner, run);
    const kinds = new Set(events.filter(({ event }) => event === "events").map(({ data }) => data.event));
    expect(kinds).toEqual(
      new Set(["on_chain_start", "on_chat_model_start", "on_chat_model_stream", "on_chat_model_end", "on_chain_end"]),
    );
    expect(names(events).filter((name) => name !== "events")).toEqual([
      "values",
      "messages/complete",
      "messages/metadata",
      "messages/partial",
      "messages/partial",
      "values",
      "messages/complete",
    ]);
    expect(finish.values).toMatchObject({ messages: [{ type: "human" }, { type: "ai", content: "Hello" }] });
  });

  test("tools: what tools do", async () => {
    const shout = tool(({ text }) => text.toUpperCase(), {
      name: "shout",
      description: "Shouts.",
      schema: z.object({ text: z.string() }),
    });
    const graph = new StateGraph(State)
      .addNode("call", async (_state, config) => ({ text: await shout.invoke({ text: "a" }, config) }))
      .addEdge(START, "call")
      .addEdge("call", END)
      .compile();
    const { events } = await perform(runnerOf({ graph }), claimedRun({ input: { text: "" }, streamModes: ["tools"] }));
    expect(events.map(({ event, data }) => [event, data.event, data.name])).toEqual([
      ["tools", "on_tool_start", "shout"],
      ["tools", "on_tool_end", "shout"],
    ]);
  });

  test("subgraphs speak under their namespace, only when asked", async () => {
    const spec = { graphId: "parent", input: { text: "" }, streamModes: ["values", "updates"] } as const;
    const quiet = await perform(runner, claimedRun(spec));
    expect(names(quiet.events)).toEqual(["values", "updates", "values"]);

    const { events } = await perform(runner, claimedRun({ ...spec, streamSubgraphs: true }));
    expect(names(events).map((name) => name.replace(/\|sub:[0-9a-f-]{36}$/, "|sub"))).toEqual([
      "values",
      "values|sub",
      "updates|sub",
      "values|sub",
      "updates",
      "values",
    ]);
  });

  test("a hidden node says nothing", async () => {
    const graph = new StateGraph(State)
      .addNode("quiet", () => ({ log: ["quiet"] }))
      .addEdge(START, "quiet")
      .addEdge("quiet", END)
      .compile();
    const run = claimedRun({
      input: { text: "" },
      streamModes: ["updates", "tasks", "events"],
      config: { tags: ["langsmith:hidden"] },
    });
    const { events, finish } = await perform(runnerOf({ graph }), run);
    expect(events).toEqual([]);
    expect(finish.values).toEqual({ text: "", log: ["quiet"] });
  });
});
