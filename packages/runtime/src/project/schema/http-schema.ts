import { Type } from "@sinclair/typebox";
import { flag, oneOf, target, texts, withoutEffect } from "./words.js";

const headerRules = (description: string) =>
  Type.Object(
    {
      includes: Type.Optional(texts("Names to take; `*` stands for anything. Case does not matter.")),
      excludes: Type.Optional(texts("Names to leave out; wins over `includes`.")),
      include: Type.Optional(texts("Older name of `includes`.")),
      exclude: Type.Optional(texts("Older name of `excludes`.")),
    },
    { description, expected: '{"includes": […], "excludes": […]}' },
  );

const cors = Type.Object(
  {
    allow_origins: Type.Optional(texts("Origins whose pages may call this server; `*` for all.")),
    allow_origin_regex: Type.Optional(
      Type.String({
        format: "regex",
        description: "Origins that match are allowed; wins over `allow_origins`.",
        expected: "a regular expression",
      }),
    ),
    allow_methods: Type.Optional(texts("Methods that pages may use.")),
    allow_headers: Type.Optional(texts("Request headers that pages may send.")),
    allow_credentials: flag("Whether pages may send cookies and credentials."),
    expose_headers: Type.Optional(
      texts("Response headers that pages may read; those that the SDKs need are always among them."),
    ),
    max_age: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "Seconds for which a browser may remember the answer.",
        expected: "a whole number of seconds",
      }),
    ),
  },
  {
    description: "Cross-origin rules; replaces `CORS_ALLOW_ORIGINS`.",
    expected: 'an object like {"allow_origins": ["*"]}',
  },
);

/** `http`: what the HTTP server offers, and to whom. */
export const httpSchema = Type.Object(
  {
    app: Type.Optional(target("A web application of the project, around the built-in routes.")),
    disable_assistants: flag("Leave the assistants' routes out."),
    disable_threads: flag("Leave the threads' routes out."),
    disable_runs: flag("Leave the runs' and crons' routes out."),
    disable_store: flag("Leave the store's routes out."),
    disable_meta: flag("Leave `/`, `/info`, `/metrics`, `/docs` and `/openapi.json` out; `/ok` stays."),
    disable_mcp: withoutEffect(flag("Leave `/mcp` out."), "this version has no /mcp"),
    disable_a2a: withoutEffect(flag("Leave `/a2a` out."), "this version has no /a2a"),
    disable_ui: withoutEffect(flag("Leave `/ui` out."), "this version has no /ui"),
    disable_webhooks: flag("Accept the `webhook` of a run, and send nothing."),
    cors: Type.Optional(cors),
    configurable_headers: Type.Optional(
      headerRules("Request headers that are copied into `config.configurable` of the runs they start."),
    ),
    "configurable-headers": Type.Optional(headerRules("Older name of `configurable_headers`.")),
    logging_headers: Type.Optional(headerRules("Request headers that may be logged.")),
    middleware_order: Type.Optional(
      oneOf(
        ["auth_first", "middleware_first"],
        "Whether the application's middleware sees a request before auth does.",
        {
          default: "middleware_first",
        },
      ),
    ),
    enable_custom_route_auth: flag("Authenticate requests to the application's own routes too."),
    mount_prefix: Type.Optional(
      Type.String({
        pattern: "^/",
        description: "A path that all routes are put under; replaces `MOUNT_PREFIX`.",
        expected: 'a path that starts with "/"',
      }),
    ),
  },
  { description: "The HTTP server.", expected: 'an object like {"app": "./src/app.ts:app"}' },
);
