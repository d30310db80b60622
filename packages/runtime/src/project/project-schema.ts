import { type Static, Type } from "@sinclair/typebox";

// Descriptions are shown to the author of a langgraph.json that does not fit: each says what belongs there.

const target = (what: string) => Type.String({ description: `${what}, written "./file.ts:export"` });
const minutes = (what: string) => Type.Number({ exclusiveMinimum: 0, description: `${what}, in minutes` });
const texts = (what: string) => Type.Array(Type.String(), { description: what });
const flag = (what: string) => Type.Optional(Type.Boolean({ description: `true or false: ${what}` }));

const graphEntry = Type.Union(
  [
    target("The graph"),
    Type.Object({ path: target("The graph"), description: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
  ],
  { description: 'a path like "./src/graph.ts:graph", or {"path": …, "description": …}' },
);

const headerRules = Type.Object(
  {
    includes: Type.Optional(texts("header names to take, * allowed")),
    excludes: Type.Optional(texts("header names to leave out, * allowed")),
    include: Type.Optional(texts("header names to take, * allowed")),
    exclude: Type.Optional(texts("header names to leave out, * allowed")),
  },
  { description: '{"includes": […], "excludes": […]}' },
);

const http = Type.Object(
  {
    app: Type.Optional(target("The web application")),
    disable_assistants: flag("leave the assistants routes out"),
    disable_threads: flag("leave the threads routes out"),
    disable_runs: flag("leave the runs routes out"),
    disable_store: flag("leave the store routes out"),
    disable_meta: flag("leave /info, /metrics, /docs and /openapi.json out"),
    disable_mcp: flag("leave /mcp out"),
    disable_a2a: flag("leave /a2a out"),
    disable_ui: flag("leave /ui out"),
    disable_webhooks: flag("send no webhooks"),
    cors: Type.Optional(
      Type.Object({
        allow_origins: Type.Optional(texts("origins")),
        allow_methods: Type.Optional(texts("methods")),
        allow_headers: Type.Optional(texts("header names")),
        allow_credentials: flag("allow credentials"),
        allow_origin_regex: Type.Optional(Type.String({ description: "a regular expression" })),
        expose_headers: Type.Optional(texts("header names")),
        max_age: Type.Optional(Type.Number({ description: "seconds" })),
      }),
    ),
    configurable_headers: Type.Optional(headerRules),
    "configurable-headers": Type.Optional(headerRules),
    logging_headers: Type.Optional(headerRules),
    middleware_order: Type.Optional(
      Type.Union([Type.Literal("auth_first"), Type.Literal("middleware_first")], {
        description: '"auth_first" or "middleware_first"',
      }),
    ),
    enable_custom_route_auth: flag("authenticate the application's own routes"),
    mount_prefix: Type.Optional(Type.String({ pattern: "^/", description: 'a path that starts with "/"' })),
  },
  { description: "an object with settings of the HTTP server" },
);

const store = Type.Object(
  {
    index: Type.Optional(
      Type.Object(
        {
          embed: Type.String({ description: '"provider:model", or an embedding function "./file.ts:export"' }),
          dims: Type.Integer({ minimum: 1, description: "the length of an embedding" }),
          fields: Type.Optional(texts('paths into values, "$" for the whole')),
        },
        { description: '{"embed": …, "dims": …, "fields": […]}' },
      ),
    ),
    ttl: Type.Optional(
      Type.Object(
        {
          refresh_on_read: flag("reading an item starts its time again"),
          default_ttl: Type.Optional(minutes("How long an item lives")),
          sweep_interval_minutes: Type.Optional(minutes("How often expired items are removed")),
        },
        { description: '{"refresh_on_read": …, "default_ttl": …, "sweep_interval_minutes": …}' },
      ),
    ),
  },
  { description: "an object with settings of long-term memory" },
);

const checkpointer = Type.Object(
  {
    ttl: Type.Optional(
      Type.Object(
        {
          strategy: Type.Optional(
            Type.Union([Type.Literal("delete"), Type.Literal("keep_latest")], {
              description: '"delete" or "keep_latest"',
            }),
          ),
          default_ttl: Type.Optional(minutes("How long an idle thread lives")),
          sweep_interval_minutes: Type.Optional(minutes("How often expired threads are removed")),
          sweep_limit: Type.Optional(Type.Integer({ minimum: 1, description: "threads per sweep" })),
        },
        { description: '{"strategy": …, "default_ttl": …, "sweep_interval_minutes": …, "sweep_limit": …}' },
      ),
    ),
    serde: Type.Optional(Type.Object({})),
    backend: Type.Optional(Type.String()),
    path: Type.Optional(target("A factory of checkpointers")),
  },
  { description: "an object with settings of checkpoints" },
);

const auth = Type.Object(
  {
    path: Type.Optional(target("The auth object")),
    disable_studio_auth: flag("studio users need no login"),
    openapi: Type.Optional(Type.Object({}, { description: "OpenAPI parts: securitySchemes, security" })),
    cache: Type.Optional(Type.Object({}, { description: "settings of the auth cache" })),
  },
  { description: '{"path": "./src/auth.ts:auth"}' },
);

const webhooks = Type.Object(
  {
    env_prefix: Type.Optional(Type.String({ description: "the beginning of the names of usable variables" })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String(), { description: "header names and values" })),
    url: Type.Optional(Type.Object({}, { description: "rules for webhook URLs" })),
  },
  { description: "an object with settings of webhooks" },
);

/** langgraph.json, as far as this server acts on it. Keys for image builders are accepted and left alone. */
export const projectSchema = Type.Object(
  {
    graphs: Type.Record(Type.String({ minLength: 1 }), graphEntry, {
      description: 'an object of graphs, for example {"agent": "./src/agent.ts:graph"}',
    }),
    env: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.String())], {
        description: 'the path of a dotenv file, or an object of variables like {"KEY": "value"}',
      }),
    ),
    auth: Type.Optional(auth),
    http: Type.Optional(http),
    store: Type.Optional(store),
    checkpointer: Type.Optional(checkpointer),
    webhooks: Type.Optional(webhooks),
    encryption: Type.Optional(Type.Object({ path: target("The encryption object") })),
    ui: Type.Optional(Type.Record(Type.String(), Type.String(), { description: "names and paths of components" })),
    ui_config: Type.Optional(Type.Object({ shared: Type.Optional(texts("package names")) })),
  },
  { description: "a JSON object" },
);

export type ProjectFile = Static<typeof projectSchema>;

/** Keys that other tools read. Known, so no warning. */
export const FOREIGN_KEYS: readonly string[] = [
  "$schema",
  "node_version",
  "node_loader",
  "python_version",
  "dependencies",
  "dockerfile_lines",
  "docker_compose_file",
  "api_version",
  "base_image",
  "image_distro",
  "pip_config_file",
  "pip_installer",
  "keep_pkg_tools",
  "source",
  "_INTERNAL_docker_tag",
];
