import { fileURLToPath } from "node:url";
import { analyseGraph } from "./analyse-graph.js";

// The compiler reads LangGraph's types for each analysis: seconds, on a busy machine many.
const PATIENCE_MS = 120_000;

const file = fileURLToPath(new URL("../../../test/graphs/annotated.ts", import.meta.url));
const graphOf = (exportName: string) => analyseGraph({ file, exportName }).graphs[""];

test(
  "a graph written with Annotation has the schemas of its types",
  () => {
    const { graphs, inputs } = analyseGraph({ file, exportName: "graph" });
    const schemas = graphs[""];
    expect(schemas?.state).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: {
        question: { type: "string" },
        mood: { type: "string", enum: ["good", "bad"] },
        answers: { type: "array", items: { type: "string" } },
        place: { $ref: "#/definitions/Place" },
        scores: { type: "object", additionalProperties: { type: "number" } },
        when: { anyOf: [{ type: "null" }, { type: "string", format: "date-time" }] },
        done: { type: "boolean" },
        anything: {},
        last: { $ref: "#/definitions/BaseMessage" },
        messages: { type: "array", items: { $ref: "#/definitions/BaseMessage" } },
      },
      definitions: {
        Place: {
          properties: {
            city: { type: "string", description: "Where it is." },
            neighbours: { type: "array", items: { $ref: "#/definitions/Place" } },
          },
          required: ["city", "neighbours"],
        },
        BaseMessage: { required: ["type", "content"] },
      },
    });
    expect(schemas?.input).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: { question: { type: "string" } },
    });
    expect(schemas?.output).toMatchObject({ properties: { answers: { type: "array" } }, required: ["answers"] });
    expect(schemas?.config).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: { model_name: { type: "string" } },
    });
    expect(inputs).toContain(file);
    expect(inputs.filter((input) => input.includes("/node_modules/") && !input.endsWith(".json"))).toEqual([]);
  },
  PATIENCE_MS,
);

test.each(["make", "wrapped"])(
  "what the export %s becomes is what counts",
  (name) => {
    expect(graphOf(name)?.input).toMatchObject({ properties: { question: { type: "string" } } });
  },
  PATIENCE_MS,
);

test(
  "an export that is no graph has no schemas",
  () => {
    expect(analyseGraph({ file, exportName: "nothing" }).graphs).toEqual({});
  },
  PATIENCE_MS,
);

test(
  "subgraphs by namespace, however their nodes were written",
  () => {
    const { graphs } = analyseGraph({ file, exportName: "nested" });
    expect(Object.keys(graphs).toSorted()).toEqual(["", "first", "first|inner", "first|twin", "second"]);
    expect(graphs["first"]?.state).toMatchObject({ properties: { middle: { type: "string" } } });
    expect(graphs["first|inner"]?.state).toMatchObject({ properties: { leaf: { type: "number" } } });
  },
  PATIENCE_MS,
);
