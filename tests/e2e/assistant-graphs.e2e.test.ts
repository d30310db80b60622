import type { Assistant } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "./support/fleet.js";

const DEFAULTS = {
  echo: { configurable: { model_name: "small" }, recursion_limit: 7 },
  context: { context: { flavour: "mint" } },
};

describeFleet("assistants, what their graphs look like, and finding them", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 1, env: { LANGGRAPH_CONFIG: JSON.stringify(DEFAULTS) } });
  });
  afterAll(() => fleet?.stop());

  test("LANGGRAPH_CONFIG gives the graphs' own assistants their config and context", async () => {
    expect(await fleet.client.assistants.get("echo")).toMatchObject({ config: DEFAULTS.echo, context: {} });
    expect(await fleet.client.assistants.get("context")).toMatchObject({ config: {}, context: { flavour: "mint" } });
    expect(await fleet.client.assistants.get("slow")).toMatchObject({ config: {}, context: {} });
  });

  test("graphs are drawn, with their subgraphs when asked to", async () => {
    const ids = async (xray?: boolean | number) => {
      const { nodes } = await fleet.client.assistants.getGraph("subgraph", xray === undefined ? {} : { xray });
      return nodes.map(({ id }) => id);
    };

    expect(await ids()).toEqual(["__start__", "parent_start", "child_graph", "parent_end", "__end__"]);
    expect(await ids(false)).not.toContain("child_graph:child_one");
    expect(await ids(true)).toContain("child_graph:child_one");
    expect(await ids(1)).toContain("child_graph:child_one");

    const { edges } = await fleet.client.assistants.getGraph("subgraph");
    expect(edges).toContainEqual(expect.objectContaining({ source: "parent_start", target: "child_graph" }));
  });

  test("schemas are told, of the graph and of its subgraphs", async () => {
    const { assistants } = fleet.client;

    expect(await assistants.getSchemas("counter")).toMatchObject({
      graph_id: "counter",
      state_schema: { properties: { steps: { type: "integer" } } },
    });

    const of = { path: { type: "array" } };
    const found = await assistants.getSubgraphs("subgraph", { recurse: true });
    expect(Object.keys(found)).toEqual(["child_graph"]);
    expect(found["child_graph"]).toMatchObject({ state: { properties: of }, state_schema: { properties: of } });
    expect(Object.keys(await assistants.getSubgraphs("subgraph", { namespace: "child_graph" }))).toEqual([
      "child_graph",
    ]);
    expect(await assistants.getSubgraphs("echo")).toEqual({});
    await expect(assistants.getSchemas("nobody")).rejects.toThrow(/HTTP 404: Assistant not found/);
  });

  test("searching sorts, selects and pages", async () => {
    const { assistants } = fleet.client;
    const metadata = { suite: "search" };
    for (const name of ["b", "c", "a"]) await assistants.create({ graphId: "echo", name, metadata });
    const namesOf = (found: readonly Assistant[]) => found.map(({ name }) => name);

    expect(namesOf(await assistants.search({ metadata }))).toEqual(["a", "c", "b"]);
    expect(namesOf(await assistants.search({ metadata, sortBy: "name", sortOrder: "asc" }))).toEqual(["a", "b", "c"]);
    expect(namesOf(await assistants.search({ metadata, sortBy: "name" }))).toEqual(["c", "b", "a"]);
    expect(await assistants.search({ metadata, name: "C", select: ["name", "graph_id"] })).toEqual([
      { name: "c", graph_id: "echo" },
    ]);
    expect(await assistants.count({ metadata })).toBe(3);

    const first = await assistants.search({ metadata, limit: 2, includePagination: true });
    expect(first.next).toBe("2");
    const rest = await assistants.search({ metadata, limit: 2, offset: Number(first.next), includePagination: true });
    expect([namesOf(rest.assistants), rest.next]).toEqual([["b"], null]);
  });

  test("the latest version brings everything back", async () => {
    const { assistants } = fleet.client;
    const made = await assistants.create({
      graphId: "context",
      name: "first",
      description: "the first",
      context: { flavour: "mint" },
      metadata: { v: 1 },
    });
    await assistants.update(made.assistant_id, {
      graphId: "echo",
      name: "second",
      description: "the second",
      context: { flavour: "lime" },
      metadata: { v: 2 },
    });

    const { updated_at: _updated, ...settings } = made;
    expect(await assistants.setLatest(made.assistant_id, 1)).toMatchObject(settings);
  });

  test("an assistant can take its threads along", async () => {
    const { client } = fleet;
    const made = await client.assistants.create({ graphId: "echo" });
    const theirs = await client.threads.create();
    const others = await client.threads.create();
    await client.runs.wait(theirs.thread_id, made.assistant_id, { input: {} });
    await client.runs.wait(others.thread_id, "echo", { input: {} });

    await client.assistants.delete(made.assistant_id, { deleteThreads: true });

    await expect(client.threads.get(theirs.thread_id)).rejects.toThrow(/HTTP 404/);
    expect((await client.threads.get(others.thread_id)).status).toBe("idle");
    await expect(client.assistants.get(made.assistant_id)).rejects.toThrow(/HTTP 404/);
  });
});
