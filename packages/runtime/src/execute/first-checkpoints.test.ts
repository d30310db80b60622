import { END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { claimedRun, emptyLedger, perform, runnerOf } from "../../test/harness.js";
import { State, steps } from "../../test/small-graphs.js";

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
