import type { TSchema } from "@sinclair/typebox";
import type { Answer, Operation } from "../http/operation.js";
import type { ApiSecurity } from "../auth/api-security.js";
import { securedPaths } from "./secured-paths.js";
import { publicSchema, type NamedSchemas } from "./public-schema.js";

/** Where what the document says comes from: how the server calls itself, and what it can be asked. */
export interface OpenApiSource {
  readonly version: string;
  readonly operations: readonly Operation[];
  /** What all paths begin with; "" or "/something". */
  readonly prefix: string;
  /** How callers log in; null when the server does not say. */
  readonly security?: ApiSecurity | null;
  /** Paths that need no login. */
  readonly open?: readonly string[];
}

const DESCRIPTION =
  `A LangGraph server. Graph ids stand for their graphs' assistants wherever an assistant id is wanted. In
request bodies null means "left out", and unknown fields are ignored. Problems are answered as bare text, or as
\`{"detail"}\` to clients whose \`Accept\` names JSON.`.replaceAll("\n", " ");

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "The body is no JSON, or the request makes no sense.",
  404: "Something that the request names is not there.",
  409: "It is taken, or busy.",
  413: "The body is too large.",
  422: "A field is not what it has to be; the message names it.",
  500: "A part of the server cannot be reached.",
  503: "The server is stopping, or a database is away. Try again.",
};

/** The API as an OpenAPI 3.1 document, made of the schemas that check requests. */
export function openApiDocument({ version, operations, prefix, security, open = [] }: OpenApiSource) {
  const { securitySchemes, security: required } = security ?? {};
  const named: NamedSchemas = {};
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = (paths[openApiPath(operation.path)] ??= {});
    path[operation.method] = describe(operation, named);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Graphfleet", version, description: DESCRIPTION },
    ...(prefix === "" ? {} : { servers: [{ url: prefix }] }),
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    ...(required === undefined ? {} : { security: required }),
    paths: securedPaths(paths, security ?? {}, new Set(open)),
    components: { schemas: named, ...(securitySchemes === undefined ? {} : { securitySchemes }) },
  };
}

/** `/threads/:thread_id` in the words of OpenAPI. */
export const openApiPath = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

function describe(operation: Operation, named: NamedSchemas): object {
  const { tag, summary, params, query, body, example, answers } = operation;
  const parameters = [...parametersOf("path", params, named), ...parametersOf("query", query, named)];
  return {
    tags: [tag],
    summary,
    operationId: operationId(operation),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            // An empty body is an empty object, so only a field that must be there makes it required.
            required: requiredFields(body).length > 0 || body.type === "array",
            content: {
              "application/json": {
                schema: publicSchema(body, named),
                ...(example?.body === undefined ? {} : { example: example.body }),
              },
            },
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, named)])),
      ...Object.fromEntries(problemsOf(operation).map((status) => [status, problemOf(status)])),
    },
  };
}

function parametersOf(place: "path" | "query", schema: TSchema | undefined, named: NamedSchemas): object[] {
  if (schema === undefined) return [];
  const required = new Set(requiredFields(schema));
  return Object.entries(schema.properties as Record<string, TSchema>).map(([name, member]) => ({
    name,
    in: place,
    required: place === "path" || required.has(name),
    schema: publicSchema(member, named),
  }));
}

/** Names that a request must have: what has a default may be left out. */
function requiredFields(schema: TSchema): readonly string[] {
  return (publicSchema(schema, {}) as { readonly required?: readonly string[] }).required ?? [];
}

const answerOf = ({ description, content, headers = [] }: Answer, named: NamedSchemas): object => ({
  description,
  ...(headers.length === 0
    ? {}
    : { headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: "string" } }])) }),
  ...(content === undefined ? {} : { content: { [content.type]: { schema: publicSchema(content.schema, named) } } }),
});

function problemsOf({ params, query, body, problems = [] }: Operation): readonly number[] {
  const checked = params !== undefined || query !== undefined || body !== undefined ? [422] : [];
  const read = body === undefined ? [] : [400, 413];
  return [...new Set([...problems, ...checked, ...read])].toSorted((a, b) => a - b);
}

const problemOf = (status: number): object => ({
  description: PROBLEMS[status] ?? "A problem.",
  content: {
    "text/plain": { schema: { type: "string" } },
    "application/json": {
      schema: { type: "object", properties: { detail: { type: "string" } }, required: ["detail"] },
    },
  },
});

/** Stable and unique: clients are generated with it. */
const operationId = ({ method, path }: Operation): string =>
  `${method}${path.replaceAll(/[:/._]+(\w)/g, (_match, letter: string) => letter.toUpperCase())}`;
