import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { GraphSchema } from "@langchain/langgraph-sdk";
import { repositoryPath } from "./support/fleet.js";
import { Served } from "./support/served.js";

// What forms are drawn from: every way to write down what a graph takes and gives.

let folder: string;
let served: Served;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-schemas-")));
  served = await Served.start(repositoryPath("tests/projects/schemas"), folder);
});
afterAll(async () => {
  await served?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const schemasOf = (graph: string): Promise<GraphSchema> => served.client.assistants.getSchemas(graph);
const propertiesOf = (schema: unknown) => Object.keys((schema as { properties: object }).properties).toSorted();

const MESSAGES = { type: "array", items: { $ref: "#/definitions/BaseMessage" } };

test.each(["zod3", "zod4"])("%s: state, input that may be partial, and context with defaults", async (graph) => {
  const { input_schema: input, output_schema: output, context_schema: context } = await schemasOf(graph);

  const properties = {
    question: { type: "string", description: "what to look up" },
    answers: { type: "array", items: { type: "string" }, default: [] },
    tries: { type: "integer" },
  };
  expect(input).toMatchObject({ type: "object", properties });
  expect(input).not.toHaveProperty("required");
  expect(output).toMatchObject({ properties, required: expect.arrayContaining(["question"]) });
  expect(context).toMatchObject({
    properties: { model: { type: "string", enum: ["small", "large"], default: "small" }, limit: { type: "number" } },
  });
});

test("zod with messages says which they are", async () => {
  expect((await schemasOf("zod_messages")).input_schema).toMatchObject({
    properties: { messages: { langgraph_type: "messages" }, summary: { type: "string" } },
  });
});

test("what is registered for a zod type is told with it, also where the state has types that JSON schema does not", async () => {
  const schemas = await schemasOf("registry");

  expect(schemas.context_schema).toMatchObject({
    properties: { model: { type: "string", langgraph_nodes: ["write"], langgraph_type: "prompt" } },
  });
  expect(schemas.config_schema).toEqual(schemas.context_schema);
  expect(schemas.input_schema).toMatchObject({
    properties: { messages: MESSAGES, notes: { anyOf: [{ type: "string" }, { type: "array" }] } },
  });
  expect(schemas.output_schema).toMatchObject({ properties: { notes: { type: "array", items: { type: "string" } } } });
});

test("StateSchema: what goes into a reducer and what comes out of it", async () => {
  const schemas = await schemasOf("state_schema");

  expect(schemas.input_schema).toMatchObject({
    properties: { messages: { langgraph_type: "messages" }, topic: { type: "string" }, notes: { type: "string" } },
  });
  expect(schemas.output_schema).toMatchObject({ properties: { notes: { type: "array", items: { type: "string" } } } });
  expect(schemas.context_schema).toMatchObject({ properties: { tone: { type: "string" } } });
});

test("Annotation, with messages, a reducer and settings that may be left out", async () => {
  const schemas = await schemasOf("annotation");

  expect(schemas.input_schema).toMatchObject({
    properties: {
      messages: MESSAGES,
      kind: { type: "string", enum: ["short", "long"] },
      sources: {
        anyOf: [{ $ref: "#/definitions/Source" }, { type: "array", items: { $ref: "#/definitions/Source" } }],
      },
    },
    definitions: { Source: { properties: { score: { description: "From 0 to 1." } }, required: ["url"] } },
  });
  expect(schemas.state_schema).toMatchObject({ properties: { sources: { type: "array" } } });
  expect(schemas.context_schema).toMatchObject({
    properties: {
      systemPromptTemplate: { type: "string", description: "How the agent speaks." },
      retries: { type: "number" },
    },
  });
  expect(schemas.context_schema).not.toHaveProperty("required");
});

test.each(["zod_apart", "annotation_apart"])("%s: input and output apart from the state", async (graph) => {
  const schemas = await schemasOf(graph);

  expect(propertiesOf(schemas.input_schema)).toEqual(["question"]);
  expect(propertiesOf(schemas.output_schema)).toEqual(["answer"]);
  expect(propertiesOf(schemas.state_schema)).toEqual(["answer", "question", "steps"]);
});

test("a prebuilt agent takes messages", async () => {
  const schemas = await schemasOf("prebuilt");

  expect(schemas.input_schema).toMatchObject({ properties: { messages: MESSAGES } });
  expect(schemas.output_schema).toMatchObject({ properties: { messages: MESSAGES, structuredResponse: {} } });
});

test("subgraphs have schemas of their own", async () => {
  const found = await served.client.assistants.getSubgraphs("nested", { recurse: true });

  expect(Object.keys(found)).toEqual(["child"]);
  expect(propertiesOf(found["child"]?.state_schema)).toEqual(["depth", "text"]);
});
