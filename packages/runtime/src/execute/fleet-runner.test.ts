import { AIMessageChunk } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { tool } from "@langchain/core/tools";
import {
  Annotation,
  END,
  interrupt,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { z } from "zod";
import { claimedRun, emptyLedger, names, perform, runnerOf } from "../../test/harness.js";

const State = Annotation.Root({
  text: Annotation<string>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

const steps = new StateGraph(State)
  .addNode("one", () => ({ log: ["one"] }))
  .addNode("two", (_state, config) => {
    config.writer?.({ note: "hello" });
    return { log: ["two"] };
  })
  .addEdge(START, "one")
  .addEdge("one", "two")
  .addEdge("two", END)
  .compile();

const asking = new StateGraph(State)
  .addNode("ask", () => ({ text: interrupt({ question: "name?" }) as string }))
  .addEdge(START, "ask")
  .addEdge("ask", END)
  .compile();

const child = new StateGraph(State)
  .addNode("inner", () => ({ log: ["inner"] }))
  .addEdge(START, "inner")
  .addEdge("inner", END)
  .compile();
const parent = new StateGraph(State).addNode("sub", child).addEdge(START, "sub").addEdge("sub", END).compile();

const model = new FakeStreamingChatModel({
  chunks: ["Hel", "lo"].map((content) => new AIMessageChunk({ id: "ai-1", content })),
});
const talking = new StateGraph(MessagesAnnotation)
  .addNode("talk", async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
  .addEdge(START, "talk")
  .addEdge("talk", END)
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

const runner = runnerOf({ steps, asking, parent, talking, failing });

const seenConfig = (): { graph: unknown; seen: () => LangGraphRunnableConfig } => {
  let config: LangGraphRunnableConfig | undefined;
  const graph = new StateGraph(State)
    .addNode("look", (_state, given) => {
      config = given;
      return { text: "seen" };
    })
    .addEdge(START, "look")
    .addEdge("look", END)
    .compile();
  return { graph, seen: () => config! };
};

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

describe("pauses", () => {
  test("interrupt(): streamed as the library says it, merged for waiters", async () => {
    const run = claimedRun({ graphId: "asking", input: { text: "hi" }, streamModes: ["values", "updates"] });
    const { events, finish } = await perform(runner, run);
    const question = { id: expect.stringMatching(/^[0-9a-f]{32}$/), value: { question: "name?" } };
    expect(events.slice(1)).toEqual([
      { event: "updates", data: { __interrupt__: [question] } },
      { event: "values", data: { __interrupt__: [question] } },
    ]);
    expect(finish).toMatchObject({ values: { text: "hi", log: [] }, next: ["ask"] });
    expect(Object.values(finish.interrupts)).toEqual([[question]]);
    expect(JSON.parse(finish.output)).toEqual({ text: "hi", log: [], __interrupt__: [question] });
  });

  test.each(["interruptBefore", "interruptAfter"] as const)("%s", async (when) => {
    const run = claimedRun({
      graphId: "steps",
      input: { text: "hi" },
      [when]: [when === "interruptBefore" ? "two" : "one"],
    });
    const { events, finish } = await perform(runner, run);
    expect(events.at(-1)).toEqual({ event: "values", data: { __interrupt__: [] } });
    expect(finish).toMatchObject({ next: ["two"], interrupts: {}, values: { log: ["one"] } });
    expect(JSON.parse(finish.output)).toEqual({ text: "hi", log: ["one"], __interrupt__: [] });
  });
});

describe("what a graph is given", () => {
  test("config: the server's facts win, the library's keys are out of reach", async () => {
    const { graph, seen } = seenConfig();
    const run = claimedRun(
      {
        input: { text: "" },
        context: { tone: "dry" },
        config: {
          tags: ["a"],
          recursion_limit: 7,
          configurable: {
            "user-agent": "test",
            thread_id: "forged",
            run_id: "forged",
            langgraph_auth_user: { identity: "forged" },
            langgraph_auth_permissions: ["all"],
            __pregel_checkpointer: "forged",
            checkpoint_id: null,
          },
          metadata: { from_config: 1 },
        },
      },
      { metadata: { created_by: "system" }, attempt: 1 },
    );
    await perform(runnerOf({ graph }), run);
    const { configurable, metadata, tags, recursionLimit, context } = seen();
    expect(configurable).toMatchObject({
      "user-agent": "test",
      thread_id: run.threadId,
      run_id: run.id,
      graph_id: "graph",
      assistant_id: run.assistantId,
    });
    expect(configurable).not.toHaveProperty("langgraph_auth_user");
    expect(configurable).not.toHaveProperty("langgraph_auth_permissions");
    expect(metadata).toMatchObject({
      created_by: "system",
      from_config: 1,
      run_attempt: 1,
      langgraph_version: "1.2.3",
      langgraph_plan: "developer",
      langgraph_host: "self-hosted",
      run_id: run.id,
      thread_id: run.threadId,
      graph_id: "graph",
    });
    expect(tags).toContain("a");
    expect(recursionLimit).toBe(7);
    expect(context).toEqual({ tone: "dry" });
  });

  test("the user that the server knows", async () => {
    const { graph, seen } = seenConfig();
    const user = { identity: "me", plan: "gold" };
    await perform(
      runnerOf({ graph }),
      claimedRun({ input: { text: "" } }, { auth: { identity: "me", permissions: ["read"], user } }),
    );
    expect(seen().configurable).toMatchObject({
      langgraph_auth_user: user,
      langgraph_auth_user_id: "me",
      langgraph_auth_permissions: ["read"],
    });
  });

  test("a recursion limit of the graph survives a request without one", async () => {
    const endless = new StateGraph(State)
      .addNode("turn", () => ({ log: ["turn"] }))
      .addEdge(START, "turn")
      .addEdge("turn", "turn")
      .compile()
      .withConfig({ recursionLimit: 3 });
    await expect(
      perform(runnerOf({ endless }), claimedRun({ graphId: "endless", input: { text: "" } })),
    ).rejects.toMatchObject({
      name: "GraphRecursionError",
      message: expect.stringContaining("Recursion limit of 3"),
    });
  });

  test("commands: goto with inputs of their own, and updates", async () => {
    const graph = new StateGraph(State)
      .addNode("hub", () => ({}), { ends: ["spoke"] })
      .addNode("spoke", ({ text }) => ({ log: [`spoke ${text}`] }))
      .addEdge(START, "hub")
      .addEdge("hub", END)
      .compile();
    const goto = [{ node: "spoke", input: { text: "a" } }, { node: "spoke", input: { text: "b" } }, "hub"];
    const { finish } = await perform(
      runnerOf({ graph }),
      claimedRun({ command: { goto, update: { text: "up" } }, input: null }),
    );
    expect(finish.values).toEqual({ text: "up", log: ["spoke a", "spoke b"] });
  });

  test("the store", async () => {
    const graph = new StateGraph(State)
      .addNode("remember", async (_state, { store }) => {
        await store?.put(["a"], "k", { v: 1 });
        const item = await store?.get(["a"], "k");
        return { text: JSON.stringify(item?.value) };
      })
      .addEdge(START, "remember")
      .addEdge("remember", END)
      .compile();
    const { finish } = await perform(runnerOf({ graph }), claimedRun({ input: { text: "" } }));
    expect(finish.values).toMatchObject({ text: '{"v":1}' });
  });
});

describe("ends", () => {
  test("an error of the graph rises as it is", async () => {
    await expect(perform(runner, claimedRun({ graphId: "failing", input: { text: "" } }))).rejects.toMatchObject({
      name: "CustomError",
      message: "Boo!",
    });
    const withEvents = claimedRun({ graphId: "failing", input: { text: "" }, streamModes: ["events"] });
    await expect(perform(runner, withEvents)).rejects.toMatchObject({ name: "CustomError" });
  });

  test.each([["values" as const], ["events" as const]])("an abort rises as its reason, in mode %s", async (mode) => {
    const control = new AbortController();
    const reason = new Error("cancelled");
    const deaf = new StateGraph(State)
      // Never ends and ignores the signal.
      .addNode("deaf", (_state, config) => {
        config.writer?.("in");
        return new Promise<never>(() => undefined);
      })
      .addEdge(START, "deaf")
      .addEdge("deaf", END)
      .compile();
    const run = claimedRun({ graphId: "deaf", input: { text: "" }, streamModes: [mode, "custom"] });
    const onEvent = ({ event }: { event: string }) => event === "custom" && control.abort(reason);
    await expect(perform(runnerOf({ deaf }), run, { signal: control.signal, onEvent })).rejects.toBe(reason);
  });

  test("a run that is aborted before it begins does not begin", async () => {
    const reason = new Error("late");
    await expect(perform(runner, claimedRun({ graphId: "steps" }), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  test("an unknown graph is a known error", async () => {
    await expect(perform(runner, claimedRun({ graphId: "nope" }))).rejects.toMatchObject({ code: "graph_not_found" });
  });

  test("empty input where input is needed", async () => {
    await expect(perform(runner, claimedRun({ graphId: "steps", input: null }))).rejects.toMatchObject({
      name: "EmptyInputError",
    });
  });
});

describe("temporary runs", () => {
  test("leave nothing behind but their output", async () => {
    const ledger = emptyLedger();
    const { finish } = await perform(
      runnerOf({ steps }, ledger),
      claimedRun({ graphId: "steps", input: { text: "hi" }, temporary: true }),
    );
    expect(finish).toEqual({
      values: { text: "hi", log: ["one", "two"] },
      interrupts: {},
      next: [],
      checkpointId: null,
      output: '{"text":"hi","log":["one","two"]}',
    });
    expect(ledger.batches).toEqual([]);
    expect(ledger.queries()).toBe(0);
  });

  test("cannot be interrupted", async () => {
    const run = claimedRun({ graphId: "asking", input: { text: "" }, temporary: true });
    await expect(perform(runner, run)).rejects.toMatchObject({
      name: "GraphValueError",
      message: expect.stringContaining("No checkpointer set"),
    });
  });
});

describe("checkpoints of a first run", () => {
  test("cost one query and few batches, and are labelled with the run", async () => {
    const ledger = emptyLedger();
    const run = claimedRun(
      {
        graphId: "steps",
        input: { text: "hi" },
        config: { configurable: { colour: "red", api_key: "hush", nested: {} } },
      },
      { metadata: { purpose: "test\0" }, auth: { identity: "me", permissions: [], user: null } },
    );
    await perform(runnerOf({ steps }, ledger), run);
    expect(ledger.queries()).toBe(1);
    expect(ledger.batches.length).toBeLessThanOrEqual(6);

    const rows = ledger.batches.flatMap((batch) => batch.checkpoints);
    expect(rows.map(({ metadata }) => [metadata["source"], metadata["step"]])).toEqual([
      ["input", -1],
      ["loop", 0],
      ["loop", 1],
      ["loop", 2],
    ]);
    expect(rows[0]?.metadata).toEqual({
      source: "input",
      step: -1,
      parents: {},
      colour: "red",
      purpose: "test",
      run_id: run.id,
      run_attempt: 1,
      graph_id: "steps",
      assistant_id: run.assistantId,
      langgraph_version: "1.2.3",
      langgraph_plan: "developer",
      langgraph_host: "self-hosted",
      ls_integration: "langgraph",
    });
    expect(rows.map(({ parentId }) => parentId)).toEqual([null, ...rows.slice(0, -1).map((row) => row.checkpointId)]);
  });

  test("with durability exit, only the last one", async () => {
    const ledger = emptyLedger();
    const run = claimedRun({ graphId: "steps", input: { text: "hi" }, durability: "exit" });
    const { finish } = await perform(runnerOf({ steps }, ledger), run);
    expect(ledger.batches.flatMap((batch) => batch.checkpoints)).toHaveLength(1);
    expect(finish.values).toMatchObject({ log: ["one", "two"] });
  });

  test("with durability sync, a step waits for the checkpoint before it", async () => {
    const written: string[] = [];
    const graph = new StateGraph(State)
      .addNode("one", () => ({ log: ["one"] }))
      .addNode("two", () => ({ text: JSON.stringify(written) }))
      .addEdge(START, "one")
      .addEdge("one", "two")
      .addEdge("two", END)
      .compile();
    const ledger = emptyLedger();
    const checkpoints = {
      ...ledger.checkpoints,
      write: async (...[batch]: Parameters<typeof ledger.checkpoints.write>) => {
        await new Promise((resolve) => setImmediate(resolve));
        written.push(...batch.checkpoints.map(({ metadata }) => JSON.stringify(metadata["step"])));
        return true;
      },
    };
    const { finish } = await perform(
      runnerOf({ graph }, { ...ledger, checkpoints }),
      claimedRun({ input: { text: "" }, durability: "sync" }),
    );
    expect(finish.values).toMatchObject({ text: '["-1","0","1"]' });
    expect(written).toEqual(["-1", "0", "1", "2"]);
  });

  test("otherwise a graph waits when it is a step ahead of what is saved, in a subgraph too", async () => {
    const started: string[] = [];
    let ahead = () => {};
    const isAhead = new Promise<void>((resolve) => (ahead = resolve));
    const step = (name: string) => () => {
      started.push(name);
      if (name === "three") ahead();
      return { log: [name] };
    };
    const inner = new StateGraph(State)
      .addNode("two", step("two"))
      .addNode("three", step("three"))
      .addNode("four", step("four"))
      .addEdge(START, "two")
      .addEdge("two", "three")
      .addEdge("three", "four")
      .addEdge("four", END)
      .compile();
    const graph = new StateGraph(State)
      .addNode("one", step("one"))
      .addNode("inner", inner)
      .addEdge(START, "one")
      .addEdge("one", "inner")
      .addEdge("inner", END)
      .compile();
    const ledger = emptyLedger();
    let recover = () => {};
    const recovered = new Promise<void>((resolve) => (recover = resolve));
    const checkpoints = {
      ...ledger.checkpoints,
      // What the outer graph did is saved; then the ledger does not answer.
      write: async (...[batch]: Parameters<typeof ledger.checkpoints.write>) => {
        if (started.includes("two")) await recovered;
        return ledger.checkpoints.write(batch, null);
      },
    };
    const running = perform(runnerOf({ graph }, { ...ledger, checkpoints }), claimedRun({ input: { text: "" } }));

    await isAhead;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(["one", "two", "three"]);
    recover();

    await running;
    expect(started).toEqual(["one", "two", "three", "four"]);
  });

  test.each([{ mode: "updates" }, { mode: "events" }] as const)(
    "nothing is saved before its events can be read: $mode",
    async ({ mode }) => {
      const inner = new StateGraph(State)
        .addNode("two", () => ({ log: ["two"] }))
        .addNode("three", (_state, config: LangGraphRunnableConfig) => {
          config.writer?.({ note: "three" });
          return { log: ["three"] };
        })
        .addEdge(START, "two")
        .addEdge("two", "three")
        .addEdge("three", END)
        .compile();
      const graph = new StateGraph(State)
        .addNode("one", () => ({ log: ["one"] }))
        .addNode("inner", inner)
        .addEdge(START, "one")
        .addEdge("one", "inner")
        .addEdge("inner", END)
        .compile();
      const told = new Set<string>();
      const said = new Set<string>();
      const late: string[] = [];
      const ledger = emptyLedger();
      const checkpoints = {
        ...ledger.checkpoints,
        write: async (...[batch]: Parameters<typeof ledger.checkpoints.write>) => {
          // What nodes wrote; "one" and "inner" are seen when their task's writes are saved.
          for (const { channel, bytes } of batch.writes)
            if (channel === "log")
              for (const name of JSON.parse(Buffer.from(bytes).toString()) as string[])
                if (!told.has(name)) late.push(name);
          return ledger.checkpoints.write(batch, null);
        },
      };
      await perform(
        runnerOf({ graph }, { ...ledger, checkpoints }),
        claimedRun({ input: { text: "" }, streamModes: [mode, "updates", "custom"], streamSubgraphs: true }),
        {
          onEvent: ({ event, data }) => {
            if (!event.startsWith("updates")) return;
            for (const update of Object.values(data as Record<string, { log?: string[] }>))
              for (const name of update.log ?? []) said.add(name);
          },
          told: async () => {
            const now = [...said];
            await new Promise((resolve) => setImmediate(resolve));
            for (const name of now) told.add(name);
          },
        },
      );

      expect([...told]).toEqual(expect.arrayContaining(["one", "two", "three"]));
      expect(late).toEqual([]);
    },
  );

  test("a refusal of the ledger stops the run as a lost lease", async () => {
    const ledger = emptyLedger();
    const started: string[] = [];
    const endless = new StateGraph(State)
      .addNode("turn", async () => {
        started.push("turn");
        await new Promise((resolve) => setImmediate(resolve));
        return { log: ["turn"] };
      })
      .addEdge(START, "turn")
      .addEdge("turn", "turn")
      .compile();
    const refusing = { ...ledger.checkpoints, write: () => Promise.resolve(false) };
    const run = claimedRun({ graphId: "endless", input: { text: "" }, config: { recursion_limit: 100_000 } });
    await expect(perform(runnerOf({ endless }, { ...ledger, checkpoints: refusing }), run)).rejects.toMatchObject({
      name: "LeaseLost",
    });
    expect(started.length).toBeLessThan(100);
  });

  test("an outage of the ledger rises as it is, not as an error of the graph", async () => {
    const ledger = emptyLedger();
    const outage = new Error("down");
    const checkpoints = { ...ledger.checkpoints, write: () => Promise.reject(outage) };
    const run = claimedRun({ graphId: "steps", input: { text: "" } });
    await expect(perform(runnerOf({ steps }, { ...ledger, checkpoints }), run)).rejects.toBe(outage);
  });
});

test("message objects in the state reach the waiter flat", async () => {
  const { finish } = await perform(
    runner,
    claimedRun({ graphId: "talking", input: { messages: [{ role: "user", content: "x", id: "h" }] } }),
  );
  expect(JSON.parse(finish.output).messages[0]).toEqual({
    content: "x",
    additional_kwargs: {},
    response_metadata: {},
    type: "human",
    id: "h",
  });
});
