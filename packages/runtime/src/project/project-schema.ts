import { type Static, Type } from "@sinclair/typebox";
import { httpSchema } from "./schema/http-schema.js";
import { imageKeys } from "./schema/image-schema.js";
import { checkpointerSchema, storeSchema, uiConfigSchema, uiSchema } from "./schema/memory-schema.js";
import { authSchema, encryptionSchema, webhooksSchema } from "./schema/security-schema.js";
import { target, text, withoutEffect } from "./schema/words.js";

const graph = Type.Union(
  [
    target("A graph, or what makes one."),
    Type.Object(
      {
        path: target("The graph, or what makes it."),
        description: Type.Optional(
          Type.Union([Type.String(), Type.Null()], {
            description: "What the graph is for; its assistant tells it.",
            expected: "a text",
          }),
        ),
      },
      { description: "A graph with a description." },
    ),
  ],
  {
    description: "A graph by its id.",
    expected: 'a path like "./src/graph.ts:graph", or {"path": …, "description": …}',
  },
);

/** langgraph.json: every key, what it means, and what may stand there. */
export const projectSchema = Type.Object(
  {
    $schema: Type.Optional(text("Address of a schema, for editors.")),
    graphs: Type.Record(Type.String({ minLength: 1 }), graph, {
      description: "The graphs that are served, by id.",
      expected: 'an object of graphs, for example {"agent": "./src/agent.ts:graph"}',
    }),
    env: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.String())], {
        description:
          "Variables for the graphs: the path of a dotenv file, or names and values. What is set already wins.",
        expected: 'the path of a dotenv file, or an object of variables like {"KEY": "value"}',
      }),
    ),
    auth: Type.Optional(authSchema),
    http: Type.Optional(httpSchema),
    store: Type.Optional(storeSchema),
    checkpointer: Type.Optional(checkpointerSchema),
    webhooks: Type.Optional(webhooksSchema),
    encryption: Type.Optional(encryptionSchema),
    ui: Type.Optional(withoutEffect(uiSchema, "this version has no /ui")),
    ui_config: Type.Optional(withoutEffect(uiConfigSchema, "this version has no /ui")),
    ...imageKeys,
  },
  { description: "A project.", expected: "a JSON object" },
);

export type ProjectFile = Static<typeof projectSchema>;
