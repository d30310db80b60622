import { Type } from "@sinclair/typebox";
import { count, flag, target, text, texts } from "./words.js";

const open = (description: string) =>
  Type.Record(Type.String(), Type.Unknown(), { description, expected: "an object as in an OpenAPI document" });

/** `auth`: who is calling, and what they may do. */
export const authSchema = Type.Object(
  {
    path: Type.Optional(target("The `Auth` object of the project; absent: everybody may do everything.")),
    disable_studio_auth: flag("Whether the header of LangGraph Studio is refused as a login."),
    openapi: Type.Optional(
      Type.Object(
        {
          securitySchemes: Type.Optional(open("Goes into `components.securitySchemes`.")),
          security: Type.Optional(
            Type.Array(open("Names of schemes and their scopes."), {
              description: "Goes into `security` of the document.",
              expected: 'a list like [{"bearer": []}]',
            }),
          ),
          paths: Type.Optional(
            open("By path and method, what an operation demands (a list as `security`), or members of the operation."),
          ),
        },
        {
          description: "What `/openapi.json` says of the login; changes nothing else.",
          expected: '{"securitySchemes": {…}, "security": […]}',
        },
      ),
    ),
    cache: Type.Optional(
      Type.Object(
        {
          cache_keys: Type.Array(Type.String({ minLength: 1 }), {
            minItems: 1,
            description: "Request headers that tell callers apart.",
            expected: 'a list of header names, like ["authorization"]',
          }),
          ttl_seconds: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              description: "Seconds that an answer is remembered.",
              expected: "a number of seconds above 0",
            }),
          ),
          max_size: Type.Optional(count("Answers that are remembered at the most.")),
        },
        {
          description: "Remembers who a caller is, by the values of some headers. Failures are never remembered.",
          expected: '{"cache_keys": ["authorization"], "ttl_seconds": 60}',
        },
      ),
    ),
  },
  { description: "Who is calling, and what they may do.", expected: '{"path": "./src/auth.ts:auth"}' },
);

/** `webhooks`: what may be sent where when a run ends. */
export const webhooksSchema = Type.Object(
  {
    env_prefix: Type.Optional(text("How names of variables begin that headers may use.", { default: "LG_WEBHOOK_" })),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "Headers of each webhook; `${{ env.NAME }}` is replaced by a variable.",
        expected: 'an object of texts, like {"authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}',
      }),
    ),
    url: Type.Optional(
      Type.Object(
        {
          require_https: flag("Refuse `http:`."),
          allowed_domains: Type.Optional(
            texts("Hosts that may be called, `*.example.com` for all below one; absent: all public ones."),
          ),
          allowed_ports: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 65_535, expected: "a port from 1 to 65535" }), {
              description: "Ports that may be called; absent: all.",
              expected: "a list of port numbers, like [443]",
            }),
          ),
          max_url_length: Type.Optional(count("Longest URL in characters.", { default: 65_536 })),
          disable_loopback: flag("Refuse paths, which call this server itself."),
        },
        {
          description: "Which URLs may be called.",
          expected: '{"require_https": true, "allowed_domains": ["*.example.com"]}',
        },
      ),
    ),
  },
  {
    description: "What is sent when a run ends, and where to.",
    expected: 'an object like {"headers": {…}, "url": {…}}',
  },
);

/** `encryption`: what is unreadable in the database. */
export const encryptionSchema = Type.Object(
  { path: target("The object of the project that encrypts and decrypts.") },
  {
    description: "Encryption at rest with the project's own code.",
    expected: '{"path": "./src/encryption.ts:encryption"}',
  },
);
