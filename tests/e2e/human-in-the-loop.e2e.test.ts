import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect } from "./support/wait.js";

interface Waited {
  readonly __interrupt__?: readonly { readonly id: string; readonly value: unknown }[];
  readonly visited?: readonly string[];
  readonly answers?: readonly { readonly question: string; readonly answer: unknown }[];
  readonly path?: readonly string[];
}

describeFleet("a person in the loop", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const newThread = async (): Promise<string> => (await fleet.client.threads.create()).thread_id;
  const wait = async (id: string, graph: string, payload: object): Promise<Waited> =>
    (await fleet.client.runs.wait(id, graph, payload)) as Waited;
  const statusOf = async (id: string): Promise<string> => (await fleet.client.threads.get(id)).status;

  test("a question stops the run, and its answer lets it go on", async () => {
    const { client } = fleet;
    const id = await newThread();

    const asked = await wait(id, "interrupting", { input: { questions: ["Send?"] } });

    expect(asked).toMatchObject({ visited: ["before"], __interrupt__: [{ value: { question: "Send?" } }] });
    const thread = await client.threads.get(id);
    expect(thread.status).toBe("interrupted");
    expect(Object.values(thread.interrupts).flat()).toEqual(asked.__interrupt__);
    expect((await client.runs.list(id))[0]!.status).toBe("success");

    const done = await wait(id, "interrupting", { command: { resume: "yes" } });

    expect(done.answers).toEqual([{ question: "Send?", answer: "yes" }]);
    expect(done.visited).toEqual(["before", "ask", "after"]);
    expect(await client.threads.get(id)).toMatchObject({ status: "idle", interrupts: {} });
  });

  test.each([[false], [0], [""], [{ nested: [null] }]])("%j is an answer", async (resume) => {
    const id = await newThread();
    await wait(id, "interrupting", { input: { questions: ["?"] } });

    expect((await wait(id, "interrupting", { command: { resume } })).answers).toEqual([
      { question: "?", answer: resume },
    ]);
  });

  test("several questions wait at once; each is answered by its id, in any order", async () => {
    const { client } = fleet;
    const id = await newThread();
    const asked = await wait(id, "interrupting", { input: { questions: ["a", "b", "c"] } });
    const idOf = (question: string) =>
      asked.__interrupt__!.find(({ value }) => (value as { question: string }).question === question)!.id;
    const open = async () =>
      Object.values((await client.threads.get(id)).interrupts)
        .flat()
        .map((one) => (one.value as { question: string }).question)
        .toSorted();
    expect(await open()).toEqual(["a", "b", "c"]);

    await wait(id, "interrupting", { command: { resume: { [idOf("b")]: 2 } } });
    expect(await statusOf(id)).toBe("interrupted");
    expect(await open()).toEqual(["a", "c"]);

    const done = await wait(id, "interrupting", { command: { resume: { [idOf("a")]: 1, [idOf("c")]: 3 } } });
    expect(done.answers?.map(({ answer }) => answer)).toEqual([1, 2, 3]);
    expect(await statusOf(id)).toBe("idle");
  });

  test.each([
    ["interruptBefore", ["before"]],
    ["interruptAfter", ["before", "after"]],
  ])("%s stops at a node", async (option, visited) => {
    const { client } = fleet;
    const id = await newThread();

    const events = await collect(
      client.runs.stream(id, "interrupting", {
        input: { questions: [] },
        streamMode: "values",
        [option]: ["after"],
      }),
    );

    // With nothing left behind the node there is nothing to stop before.
    const pauses = option === "interruptBefore";
    if (pauses) expect(events.at(-1)!.data).toEqual({ __interrupt__: [] });
    expect(await statusOf(id)).toBe(pauses ? "interrupted" : "idle");
    expect((await client.threads.getState<Waited>(id)).values.visited).toEqual(visited);

    if (pauses) expect((await wait(id, "interrupting", { input: null })).visited).toEqual(["before", "after"]);
    expect(await statusOf(id)).toBe("idle");
  });

  test("the state is edited while the graph waits, and the run goes on from it", async () => {
    const { client } = fleet;
    const id = await newThread();
    expect(await wait(id, "interrupting", { input: { questions: [] }, interruptBefore: ["after"] })).toMatchObject({
      visited: ["before"],
      __interrupt__: [],
    });

    await client.threads.updateState(id, { values: { visited: ["edited"] } });

    expect(await statusOf(id)).toBe("interrupted");
    expect((await wait(id, "interrupting", { input: null })).visited).toEqual(["before", "edited", "after"]);
  });

  test("a node is skipped by an edit in its name", async () => {
    const { client } = fleet;
    const id = await newThread();
    await wait(id, "interrupting", { input: { questions: ["Skip me?"] } });

    await client.threads.updateState(id, { values: { visited: ["skipped"] }, asNode: "ask" });

    expect((await wait(id, "interrupting", { input: null })).visited).toEqual(["before", "skipped", "after"]);
    expect(await statusOf(id)).toBe("idle");
  });

  test("a question inside of a subgraph waits on the thread, and its answer reaches the subgraph", async () => {
    const { client } = fleet;
    const id = await newThread();

    const asked = await wait(id, "subgraph", { input: { ask: true } });

    expect(asked.__interrupt__).toMatchObject([{ value: "What now?" }]);
    const { tasks } = await client.threads.getState<Waited>(id, undefined, { subgraphs: true });
    expect(tasks[0]).toMatchObject({ name: "child_graph", state: { next: ["child_two"] } });
    const events = await collect(
      client.runs.stream(id, "subgraph", {
        command: { resume: "carry on" },
        streamMode: ["updates"],
        streamSubgraphs: true,
      }),
    );
    expect(events.some(({ event }) => (event as string).startsWith("updates|child_graph:"))).toBe(true);
    expect((await client.threads.getState<Waited>(id)).values.path).toContain("answer: carry on");
    expect(await statusOf(id)).toBe("idle");
  });

  test("new input on an interrupted thread starts over, and the old question is void", async () => {
    const { client } = fleet;
    const id = await newThread();
    const first = await wait(id, "interrupting", { input: { questions: ["old"] } });

    const second = await wait(id, "interrupting", { input: { questions: ["new"] } });

    expect(second.__interrupt__).toMatchObject([{ value: { question: "new" } }]);
    expect(second.__interrupt__![0]!.id).not.toBe(first.__interrupt__![0]!.id);
    expect(Object.values((await client.threads.get(id)).interrupts).flat()).toHaveLength(1);
    expect((await wait(id, "interrupting", { command: { resume: "so" } })).answers).toEqual([
      { question: "new", answer: "so" },
    ]);
  });

  test("a command updates the state and goes to a node", async () => {
    const id = await newThread();
    await wait(id, "interrupting", { input: { questions: [] } });

    const values = await wait(id, "interrupting", { command: { update: { visited: ["sent"] }, goto: "after" } });

    expect(values.visited).toEqual(["before", "after", "sent", "after"]);
  });
});
