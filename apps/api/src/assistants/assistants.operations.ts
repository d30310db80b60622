import { Type } from "@sinclair/typebox";
import { AnyValue, Id, NullableObject, nullable, rowsOf, Time } from "../http/answer-schemas.js";
import { json, type Operation, operations } from "../http/operation.js";
import { AnyObject } from "../http/schemas.js";
import {
  AssistantCountBody,
  AssistantCreateBody,
  AssistantDeleteQuery,
  AssistantLatestBody,
  AssistantLatestQuery,
  AssistantParams,
  AssistantPatchBody,
  AssistantSearchBody,
  AssistantVersionsBody,
  GraphQuery,
  SubgraphParams,
  SubgraphsQuery,
} from "./assistants.schemas.js";

const versionFields = {
  assistant_id: Id,
  graph_id: Type.String(),
  name: Type.String(),
  description: nullable(Type.String()),
  config: AnyObject,
  context: AnyValue,
  metadata: AnyObject,
  version: Type.Integer({ minimum: 1 }),
  created_at: Time,
};
const AssistantVersion = Type.Object(versionFields, { title: "AssistantVersion" });
const Assistant = Type.Object({ ...versionFields, updated_at: Time }, { title: "Assistant" });

const Drawing = Type.Object(
  {
    nodes: Type.Array(Type.Object({ id: Type.String(), type: Type.Optional(Type.String()), data: AnyValue })),
    edges: Type.Array(
      Type.Object({
        source: Type.String(),
        target: Type.String(),
        conditional: Type.Optional(Type.Boolean()),
        data: Type.Optional(AnyValue),
      }),
    ),
  },
  { title: "GraphDrawing" },
);

const schemaFields = {
  input_schema: NullableObject,
  output_schema: NullableObject,
  state_schema: NullableObject,
  config_schema: NullableObject,
  context_schema: NullableObject,
};
const Schemas = Type.Object({ graph_id: Type.String(), ...schemaFields }, { title: "GraphSchemas" });
const Subgraphs = Type.Record(Type.String(), Type.Object(schemaFields, { title: "SubgraphSchemas" }));

const OF_PATH = { params: AssistantParams, problems: [404] };

export const assistantOperations: readonly Operation[] = operations("Assistants", [
  {
    method: "post",
    path: "/assistants",
    summary: "Create an assistant: a graph with settings and a name.",
    body: AssistantCreateBody,
    example: { body: { graph_id: "agent", name: "Ada" } },
    answers: { 200: json("The assistant, at version 1.", Assistant) },
    problems: [404, 409],
  },
  {
    method: "post",
    path: "/assistants/search",
    summary: "Find assistants.",
    body: AssistantSearchBody,
    example: { body: { graph_id: "agent", limit: 5, sort_by: "updated_at" } },
    answers: {
      200: json("A page of assistants.", rowsOf(Assistant), "X-Pagination-Total", "X-Pagination-Next"),
    },
  },
  {
    method: "post",
    path: "/assistants/count",
    summary: "Count assistants.",
    body: AssistantCountBody,
    example: { body: { graph_id: "agent" } },
    answers: { 200: json("How many match.", Type.Integer()) },
  },
  {
    method: "get",
    path: "/assistants/:assistant_id",
    summary: "Get an assistant by its id, or by its graph's.",
    ...OF_PATH,
    answers: { 200: json("The assistant.", Assistant) },
  },
  {
    method: "patch",
    path: "/assistants/:assistant_id",
    summary: "Change an assistant. Always makes a new version.",
    ...OF_PATH,
    body: AssistantPatchBody,
    example: { body: { metadata: { team: "red" } } },
    answers: { 200: json("The assistant at its new version.", Assistant) },
  },
  {
    method: "delete",
    path: "/assistants/:assistant_id",
    summary: "Delete an assistant with its versions; on request with the threads that last ran it.",
    ...OF_PATH,
    query: AssistantDeleteQuery,
    example: { query: "delete_threads=true" },
    answers: { 200: json("Its id.", Type.Array(Id)) },
  },
  {
    method: "get",
    path: "/assistants/:assistant_id/graph",
    summary: "Draw the assistant's graph; `xray` looks into subgraphs.",
    ...OF_PATH,
    query: GraphQuery,
    example: { query: "xray=true" },
    answers: { 200: json("Nodes and edges.", Drawing) },
  },
  {
    method: "get",
    path: "/assistants/:assistant_id/schemas",
    summary: "Tell the JSON schemas of the graph's input, output, state and config.",
    ...OF_PATH,
    answers: { 200: json("The schemas; null where the graph does not say.", Schemas) },
  },
  {
    method: "get",
    path: "/assistants/:assistant_id/subgraphs",
    summary: "Tell the schemas of the graph's subgraphs.",
    ...OF_PATH,
    query: SubgraphsQuery,
    example: { query: "recurse=true" },
    answers: { 200: json("Schemas by namespace.", Subgraphs) },
  },
  {
    method: "get",
    path: "/assistants/:assistant_id/subgraphs/:namespace",
    summary: "Tell the schemas of one subgraph.",
    params: SubgraphParams,
    query: SubgraphsQuery,
    answers: { 200: json("Schemas by namespace.", Subgraphs) },
    problems: [404],
  },
  {
    method: "post",
    path: "/assistants/:assistant_id/versions",
    summary: "List an assistant's versions, newest first.",
    ...OF_PATH,
    body: AssistantVersionsBody,
    answers: { 200: json("The versions.", Type.Array(AssistantVersion)) },
  },
  {
    method: "post",
    path: "/assistants/:assistant_id/latest",
    summary: "Make a version the active one. The body's version wins over the query's.",
    ...OF_PATH,
    query: AssistantLatestQuery,
    body: AssistantLatestBody,
    example: { body: { version: 1 } },
    answers: { 200: json("The assistant at that version.", Assistant) },
  },
]);
