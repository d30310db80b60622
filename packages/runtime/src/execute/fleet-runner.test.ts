import { END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { claimedRun, emptyLedger, perform, runnerOf } from "../../test/harness.js";
import { runner, State, steps } from "../../test/small-graphs.js";

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
