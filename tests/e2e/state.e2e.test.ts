import { describeFleet, TestFleet } from "./support/fleet.js";

interface Answers {
  readonly answers: readonly { readonly question: string; readonly answer: unknown }[];
  readonly visited: readonly string[];
}

describeFleet("state, interrupts and time travel", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const newThread = async (): Promise<string> => (await fleet.client.threads.create()).thread_id;

  test("an interrupt ends the run well, and the thread waits for the answer", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const values = await client.runs.wait(threadId, "interrupting", { input: { questions: ["Sure?"] } });

    expect(values).toMatchObject({ visited: ["before"], __interrupt__: [{ value: { question: "Sure?" } }] });
    const [run] = await client.runs.list(threadId);
    expect(run!.status).toBe("success");
    const thread = await client.threads.get(threadId);
    expect(thread.status).toBe("interrupted");
    expect(Object.values(thread.interrupts ?? {})).toMatchObject([[{ value: { question: "Sure?" } }]]);

    const answered = (await client.runs.wait(threadId, "interrupting", {
      command: { resume: "yes" },
    })) as unknown as Answers;
    expect(answered.answers).toEqual([{ question: "Sure?", answer: "yes" }]);
    expect(answered.visited).toEqual(["before", "ask", "after"]);
    expect(await client.threads.get(threadId)).toMatchObject({ status: "idle", interrupts: {} });
  });

  test("several interrupts at once are answered by their ids", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "interrupting", { input: { questions: ["A?", "B?"] } });
    const { tasks } = await client.threads.getState(threadId);
    const asked = tasks.flatMap(({ interrupts }) => interrupts) as { id: string; value: { question: string } }[];
    expect(asked).toHaveLength(2);

    const resume = Object.fromEntries(asked.map(({ id, value }) => [id, `answer to ${value.question}`]));
    const values = (await client.runs.wait(threadId, "interrupting", { command: { resume } })) as unknown as Answers;

    expect(new Set(values.answers.map(({ answer }) => answer))).toEqual(new Set(["answer to A?", "answer to B?"]));
  });

  test("a static breakpoint stops before a node, and a run without input goes on", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const values = await client.runs.wait(threadId, "interrupting", {
      input: { questions: [] },
      interruptBefore: ["after"],
    });
    expect(values).toMatchObject({ visited: ["before"], __interrupt__: [] });
    expect(await client.threads.getState(threadId)).toMatchObject({ next: ["after"] });
    expect((await client.threads.get(threadId)).status).toBe("interrupted");

    const done = (await client.runs.wait(threadId, "interrupting", { input: null })) as unknown as Answers;
    expect(done.visited).toEqual(["before", "after"]);
  });

  test("state can be edited as a node, and the run goes on from there", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "interrupting", { input: { questions: [] }, interruptBefore: ["after"] });

    const config = await client.threads.updateState(threadId, { values: { visited: ["by hand"] }, asNode: "before" });
    expect(config).toMatchObject({ checkpoint: { thread_id: threadId, checkpoint_ns: "" } });
    expect((await client.threads.get(threadId)).values).toMatchObject({ visited: ["before", "by hand"] });

    const done = (await client.runs.wait(threadId, "interrupting", { input: null })) as unknown as Answers;
    expect(done.visited).toContain("by hand");
  });

  test("history is newest first, and each state is found again by its checkpoint", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "counter", { input: { log: ["input"], steps: 2 } });

    const history = await client.threads.getHistory<{ log: string[] }>(threadId, { limit: 100 });

    expect(history[0]!.values.log).toEqual(["input", "step 0", "step 1"]);
    expect(history.at(-1)!.next).toEqual(["__start__"]);
    for (const state of history.slice(0, -1)) {
      const again = await client.threads.getState(threadId, state.checkpoint.checkpoint_id!);
      expect(again.values).toEqual(state.values);
    }
    const older = await client.threads.getHistory(threadId, { before: history[1]!.checkpoint as never, limit: 100 });
    expect(older.map(({ checkpoint }) => checkpoint.checkpoint_id)).toEqual(
      history.slice(2).map(({ checkpoint }) => checkpoint.checkpoint_id),
    );
  });

  test("two futures of one past keep their own values", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "counter", { input: { log: ["root"], steps: 1 } });
    const [root] = await client.threads.getHistory<{ log: string[] }>(threadId, { limit: 1 });

    await client.runs.wait(threadId, "counter", { input: { log: ["left"], steps: 2 } });
    const [left] = await client.threads.getHistory<{ log: string[] }>(threadId, { limit: 1 });
    await client.runs.wait(threadId, "counter", { input: { log: ["right"], steps: 2 }, checkpoint: root!.checkpoint });
    const [right] = await client.threads.getHistory<{ log: string[] }>(threadId, { limit: 1 });

    expect(left!.values.log).toEqual(["root", "step 0", "left", "step 1", "step 2"]);
    expect(right!.values.log).toEqual(["root", "step 0", "right", "step 1", "step 2"]);
    const leftAgain = await client.threads.getState<{ log: string[] }>(threadId, left!.checkpoint.checkpoint_id!);
    expect(leftAgain.values.log).toEqual(left!.values.log);
  });

  test("the state of a waiting subgraph is shown when asked for", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "subgraph", { input: { ask: true } });

    const plain = await client.threads.getState(threadId);
    expect(plain.tasks[0]).toMatchObject({ name: "child_graph", state: null });
    expect(Object.keys(plain.tasks[0]!.checkpoint!).sort()).toEqual(["checkpoint_ns", "thread_id"]);

    const deep = await client.threads.getState(threadId, undefined, { subgraphs: true });
    expect(deep.tasks[0]!.state).toMatchObject({ next: ["child_two"] });

    const values = (await client.runs.wait(threadId, "subgraph", { command: { resume: "go" } })) as unknown as {
      path: string[];
    };
    expect(values.path).toEqual(["parent_start", "child_one", "answer: go", "child_two", "parent_end"]);
  });

  const EVERY_STEP = ["loop", "loop", "loop", "input"];
  const ONLY_THE_END = ["loop"];

  test.each([
    [{}, EVERY_STEP],
    [{ durability: "sync" }, EVERY_STEP],
    [{ durability: "async" }, EVERY_STEP],
    [{ durability: "exit" }, ONLY_THE_END],
    [{ checkpointDuring: true }, EVERY_STEP],
    [{ checkpointDuring: false }, ONLY_THE_END],
    // The newer name wins.
    [{ checkpointDuring: true, durability: "exit" }, ONLY_THE_END],
  ] as const)("%j decides which states are kept", async (options, sources) => {
    const { client } = fleet;
    const threadId = await newThread();

    await client.runs.wait(threadId, "counter", { input: { log: [], steps: 1 }, ...options });

    const states = await client.threads.getHistory(threadId);
    expect(states.map(({ metadata }) => metadata?.source)).toEqual(sources);
    expect(states[0]?.values).toMatchObject({ log: ["step 0"] });
  });
});
