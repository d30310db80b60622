import {
  Annotation,
  END,
  MessagesAnnotation,
  MessagesValue,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { z } from "zod";
import { registryOf } from "../../test/harness.js";
import { makeGraphDescriber } from "./graph-describer.js";

const Zod = z.object({ question: z.string(), answers: z.array(z.string()).optional() });
const zod = new StateGraph(Zod, z.object({ model_name: z.string() }))
  .addNode("n", () => ({}))
  .addEdge(START, "n")
  .addEdge("n", END)
  .compile();

const schema = new StateGraph(new StateSchema({ count: z.number() }))
  .addNode("n", () => ({}))
  .addEdge(START, "n")
  .addEdge("n", END)
  .compile();

const annotated = new StateGraph(MessagesAnnotation)
  .addNode("n", () => ({}))
  .addEdge(START, "n")
  .addEdge("n", END)
  .compile();
const messages = new StateGraph(new StateSchema({ messages: MessagesValue }))
  .addNode("n", () => ({}))
  .addEdge(START, "n")
  .addEdge("n", END)
  .compile();

const State = Annotation.Root({ text: Annotation<string>() });
const leaf = new StateGraph(State)
  .addNode("c_one", () => ({}))
  .addNode("c_two", () => ({}))
  .addEdge(START, "c_one")
  .addEdge("c_one", "c_two")
  .addEdge("c_two", END)
  .compile();
const middle = new StateGraph(State)
  .addNode("p_one", () => ({}))
  .addNode("p_two", leaf)
  .addEdge(START, "p_one")
  .addEdge("p_one", "p_two")
  .addEdge("p_two", END)
  .compile();
const parent = new StateGraph(State)
  .addNode("gp_one", () => ({}))
  .addNode("gp_two", middle)
  .addEdge(START, "gp_one")
  .addConditionalEdges("gp_one", () => "gp_two", ["gp_two", END])
  .addEdge("gp_two", END)
  .compile();

const describer = makeGraphDescriber(registryOf({ zod, schema, annotated, messages, parent }));

describe("drawing", () => {
  test("nodes and edges", async () => {
    const drawing = (await describer.drawing("parent", {}, { xray: false })) as {
      nodes: { id: string; type: string; data: unknown }[];
      edges: object[];
    };
    expect(drawing.nodes.map(({ id, type }) => [id, type])).toEqual([
      ["__start__", "schema"],
      ["gp_one", "runnable"],
      ["gp_two", "runnable"],
      ["__end__", "schema"],
    ]);
    expect(drawing.nodes[1]?.data).toEqual({ id: ["langgraph", "RunnableCallable"], name: "gp_one" });
    expect(drawing.edges).toContainEqual({ source: "gp_one", target: "gp_two", conditional: true });
  });

  test("xray looks into subgraphs, as deep as asked", async () => {
    const ids = async (xray: boolean | number) => {
      const drawing = (await describer.drawing("parent", {}, { xray })) as { nodes: { id: string }[] };
      return drawing.nodes.map(({ id }) => id);
    };
    expect(await ids(true)).toContain("gp_two:p_two:c_one");
    expect(await ids(1)).toContain("gp_two:p_two");
    expect(await ids(1)).not.toContain("gp_two:p_two:c_one");
  });
});

describe("a graph that breaks", () => {
  test("says so, as its own failure", async () => {
    const broken = makeGraphDescriber(
      registryOf({
        broken: () => {
          throw new TypeError("no key");
        },
      }),
    );
    const failure = { code: "graph_failed", message: "TypeError: no key" };

    await expect(broken.drawing("broken", {}, { xray: false })).rejects.toMatchObject(failure);
    await expect(broken.schemas("broken", {})).rejects.toMatchObject(failure);
    await expect(broken.subgraphs("broken", {}, { recurse: true })).rejects.toMatchObject(failure);
    await expect(broken.schemas("unknown", {})).rejects.toMatchObject({ code: "graph_not_found" });
  });
});

describe("schemas", () => {
  test("of zod states", async () => {
    const schemas = await describer.schemas("zod", {});
    expect(schemas).toMatchObject({
      graph_id: "zod",
      state_schema: { properties: { question: { type: "string" } } },
      input_schema: { properties: { answers: { type: "array" } } },
      output_schema: { type: "object" },
      config_schema: { properties: { model_name: { type: "string" } } },
    });
    expect(schemas["context_schema"]).toEqual(schemas["config_schema"]);
  });

  test("of StateSchema, and of messages, which say that they are", async () => {
    expect(await describer.schemas("schema", {})).toMatchObject({
      state_schema: { properties: { count: { type: "number" } } },
    });
    expect(await describer.schemas("messages", {})).toMatchObject({
      state_schema: { properties: { messages: { langgraph_type: "messages" } } },
    });
  });

  test("of graphs that say nothing: null", async () => {
    expect(await describer.schemas("annotated", {})).toEqual({
      graph_id: "annotated",
      input_schema: null,
      output_schema: null,
      state_schema: null,
      config_schema: null,
      context_schema: null,
    });
  });
});

describe("subgraphs", () => {
  test("by namespace, with both sets of names", async () => {
    const found = await describer.subgraphs("parent", {}, { recurse: true });
    expect(Object.keys(found)).toEqual(["gp_two", "gp_two|p_two"]);
    expect(Object.keys(found["gp_two"] as object).toSorted()).toEqual([
      "config",
      "config_schema",
      "context_schema",
      "input",
      "input_schema",
      "output",
      "output_schema",
      "state",
      "state_schema",
    ]);
    expect(Object.keys(await describer.subgraphs("parent", {}, { recurse: false }))).toEqual(["gp_two"]);
    expect(Object.keys(await describer.subgraphs("parent", {}, { namespace: "gp_two|p_two", recurse: true }))).toEqual([
      "gp_two|p_two",
    ]);
  });
});
