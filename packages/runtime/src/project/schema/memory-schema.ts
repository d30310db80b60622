import { Type } from "@sinclair/typebox";
import { count, elsewhere, flag, minutes, oneOf, target, text, texts, withoutEffect } from "./words.js";

const IN_POSTGRES = "this version keeps checkpoints in Postgres only";

/** `store`: long-term memory. */
export const storeSchema = Type.Object(
  {
    index: Type.Optional(
      Type.Object(
        {
          embed: Type.String({
            minLength: 1,
            description:
              "What turns texts into vectors: `provider:model`, or an export of the project, a function of texts or an object with `embedDocuments` and `embedQuery`.",
            expected: '"provider:model" or an export like "./src/embed.ts:embed"',
          }),
          dims: count("The length of a vector.", { expected: "the length of an embedding, a whole number above 0" }),
          fields: Type.Optional(
            texts("Paths of what is embedded: `$` for the whole value, `title`, `notes[*].text`.", { default: ["$"] }),
          ),
        },
        {
          description: "Makes items searchable by what they mean.",
          expected: '{"embed": "openai:text-embedding-3-small", "dims": 1536}',
        },
      ),
    ),
    ttl: Type.Optional(
      Type.Object(
        {
          refresh_on_read: flag("Whether reading an item starts its time again.", true),
          default_ttl: Type.Optional(minutes("Minutes that an item lives unless it says otherwise; absent: for ever.")),
          sweep_interval_minutes: Type.Optional(minutes("Minutes between two sweeps of expired items.")),
        },
        { description: "How long items live.", expected: '{"default_ttl": 10080, "refresh_on_read": true}' },
      ),
    ),
  },
  { description: "Long-term memory.", expected: 'an object like {"index": {…}, "ttl": {…}}' },
);

/** `checkpointer`: the threads' states. */
export const checkpointerSchema = Type.Object(
  {
    ttl: Type.Optional(
      Type.Object(
        {
          strategy: Type.Optional(
            oneOf(
              ["delete", "keep_latest"],
              "`delete` removes an expired thread; `keep_latest` removes all but its newest checkpoints.",
              { default: "delete" },
            ),
          ),
          default_ttl: Type.Optional(
            minutes("Minutes that an idle thread lives unless it says otherwise; absent: for ever."),
          ),
          sweep_interval_minutes: Type.Optional(
            minutes("Minutes between two sweeps of expired threads.", { default: 5 }),
          ),
          sweep_limit: Type.Optional(count("Threads that one sweep takes at the most.", { default: 1000 })),
        },
        {
          description: "How long threads live.",
          expected: '{"strategy": "delete", "default_ttl": 43200}',
        },
      ),
    ),
    serde: Type.Optional(
      elsewhere(
        Type.Object({}, { additionalProperties: true, description: "Python's serialisation.", expected: "an object" }),
      ),
    ),
    backend: Type.Optional(
      withoutEffect(
        oneOf(["default", "mongo", "custom"], "Where checkpoints are kept.", { default: "default" }),
        IN_POSTGRES,
      ),
    ),
    path: Type.Optional(withoutEffect(target("What makes the checkpointer of the backend `custom`."), IN_POSTGRES)),
  },
  { description: "The threads' states.", expected: 'an object like {"ttl": {…}}' },
);

/** `ui` and `ui_config`: components that a page shows. */
export const uiSchema = Type.Record(Type.String(), text("Path of a component."), {
  description: "Components that chat pages show, by name.",
  expected: 'an object of paths, like {"agent": "./src/ui.tsx"}',
});

export const uiConfigSchema = Type.Object(
  { shared: Type.Optional(texts("Packages that the page provides.")) },
  { description: "How components are bundled.", expected: '{"shared": ["react"]}' },
);
