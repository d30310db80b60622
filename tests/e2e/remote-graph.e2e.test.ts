import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect } from "./support/wait.js";

interface Said {
  readonly messages: readonly { readonly content: string }[];
}

const hello = { messages: [{ role: "user", content: "hello" }] };
const contents = (values: unknown): string[] => (values as Said).messages.map(({ content }) => content);

describeFleet("RemoteGraph", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const remote = (graphId: string) => new RemoteGraph({ graphId, url: fleet.url });
  const onThread = async () => ({ configurable: { thread_id: (await fleet.client.threads.create()).thread_id } });

  test("invokes and streams", async () => {
    expect(contents(await remote("echo").invoke(hello, await onThread()))).toEqual(["hello", "hello"]);

    const chunks = await collect(
      await remote("echo").stream(hello, { ...(await onThread()), streamMode: ["values", "updates"] }),
    );
    expect(chunks.map((chunk) => (chunk as [string, unknown])[0])).toEqual(["values", "updates", "values"]);
  });

  test("streams subgraphs under their namespaces", async () => {
    const chunks = await collect(
      await remote("subgraph").stream({}, { ...(await onThread()), streamMode: "updates", subgraphs: true }),
    );

    const inner = chunks.map((chunk) => (chunk as [string[], unknown])[0]).filter((ns) => ns.length > 0);
    expect(inner.length).toBeGreaterThan(0);
    for (const [ns] of inner) expect(ns).toMatch(/^child_graph:[0-9a-f-]{36}$/);
  });

  test("reads and edits the state", async () => {
    const config = await onThread();
    await remote("echo").invoke(hello, config);

    const written = await remote("echo").updateState(config, {
      messages: [{ id: "late", type: "human", content: "one more" }],
    });

    expect(written.configurable).toMatchObject({ thread_id: config.configurable.thread_id });
    const state = await remote("echo").getState(config);
    expect(contents(state.values)).toEqual(["hello", "hello", "one more"]);
    expect(state.config.configurable).toMatchObject({ checkpoint_id: written.configurable?.["checkpoint_id"] });
    const history = await collect(remote("echo").getStateHistory(config));
    expect(history.length).toBeGreaterThan(2);
    expect(contents(history[0]!.values)).toEqual(contents(state.values));
  });

  test("draws itself", async () => {
    const { nodes, edges } = await remote("subgraph").getGraphAsync();

    expect(Object.keys(nodes)).toEqual(expect.arrayContaining(["__start__", "child_graph", "parent_end", "__end__"]));
    expect(edges).toEqual(expect.arrayContaining([expect.objectContaining({ source: "parent_start" })]));
  });

  test("raises the questions of the remote graph", async () => {
    const config = await onThread();

    await expect(collect(await remote("interrupting").stream({ questions: ["Go?"] }, config))).rejects.toThrow(
      expect.objectContaining({ name: "GraphInterrupt" }),
    );
    expect((await remote("interrupting").getState(config)).next).toEqual(["ask"]);
  });

  test("is a node of a graph at home", async () => {
    const home = new StateGraph(MessagesAnnotation)
      .addNode("greet", () => ({ messages: [{ role: "user", content: "from home" }] }))
      .addNode("away", remote("echo"))
      .addEdge(START, "greet")
      .addEdge("greet", "away")
      .addEdge("away", END)
      .compile();

    const values = await home.invoke({ messages: [] });

    expect(contents(values)).toContain("from home");
    expect(contents(values).length).toBeGreaterThan(1);
  });
});
