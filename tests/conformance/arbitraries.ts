import fc from "fast-check";
import type { Endpoint, Schema } from "./document.js";

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Things that exist on the server, by the name of the field that speaks of them. Others are made up. */
export type Known = Readonly<Record<string, readonly string[]>>;

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
const DEPTHS = [50, 600, 7000, 100_000];

/** JSON that parses, and that nobody should send. As text: some of it has no form in JavaScript. */
const NASTY: readonly string[] = [
  "null",
  "true",
  "-1",
  "0.5",
  "1e400",
  "-9007199254740993",
  "99999999999999999999999999",
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"🦊 é ‮ ﷽"',
  '"__proto__"',
  '"%s%n%00../../etc"',
  '"\'; drop table runs; --"',
  JSON.stringify("x".repeat(100_000)),
  "[]",
  "{}",
  "[[]]",
  "[null]",
  '{"":{}}',
  '{"\\u0000":"\\u0000"}',
  '{"\\ud800":1}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
  '{"toString":1,"then":1,"toJSON":1,"hasOwnProperty":1}',
  '{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{}}',
  '{"$eq":{"$gt":[]}}',
  `[${Array.from({ length: 2000 }, (_, index) => index).join()}]`,
  `{${Array.from({ length: 2000 }, (_, index) => `"k${index}":${index}`).join()}}`,
  ...DEPTHS.flatMap((depth) => [nested("[", "]", depth), nested('{"a":', "}", depth)]),
];

const nastyJson: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => JSON.stringify(text)),
  fc.double().map((number) => (Number.isFinite(number) ? String(number) : "1e999")),
);

const BROKEN = ["{", "[1,", '{"a":}', "nul", "\u0000", '"', "{'a':1}", "NaN", "\uFEFF{}", "a=b&c=d", "{}{}"];

/** Requests to an endpoint: about half of them in order, the others out of it somewhere. */
export function requestsTo({ method, path, operation }: Endpoint, known: Known): fc.Arbitrary<WireRequest> {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const schema = operation.requestBody?.content["application/json"]?.schema;

  return fc
    .record({
      segments: fc.tuple(...inPath.map(({ name, schema: of }) => segment(name, of, known))),
      query: fc.tuple(...inQuery.map(({ name, schema: of }) => queryPart(name, of, known))),
      headers: someHeaders,
      body: schema === undefined ? fc.constant(undefined) : bodyOf(schema, known),
    })
    .map(({ segments, query, headers, body }) => {
      const place = inPath.reduce(
        (text, { name }, index) => text.replace(`{${name}}`, () => segments[index] ?? ""),
        path,
      );
      const asked = query.filter((part) => part !== "").join("&");
      return { method, path: asked === "" ? place : `${place}?${asked}`, headers, body };
    });
}

const someHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ "content-type": "application/json" }) },
  fc.constantFrom<Record<string, string>>(
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded; charset=utf-7" },
    { "user-agent": "langgraph-sdk-py/0.4.0" },
    { prefer: "return=minimal" },
    { "last-event-id": "-1" },
    { "last-event-id": "99999999999999999999" },
    { "last-event-id": "x".repeat(2000) },
    { "x-request-id": "y".repeat(2000) },
  ),
);

const segment = (name: string, schema: Schema, known: Known): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: valid(schema, known, name).map((json) => encodeURIComponent(String(JSON.parse(json)))) },
    fc.constantFrom("%00", "%zz", "%F0%9F", "a%7Cb", ".%2F..", "0", "x".repeat(4000), "%E2%80%AE", "'%20or%201=1"),
    fc.uuid(),
  );

const queryPart = (name: string, schema: Schema, known: Known): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    {
      weight: 5,
      arbitrary: valid(schema, known, name).map((json) => {
        const value: unknown = JSON.parse(json);
        return `${name}=${encodeURIComponent(typeof value === "string" ? value : json)}`;
      }),
    },
    nastyJson.map((json) => `${name}=${encodeURIComponent(json.slice(0, 2000))}`),
    fc.constantFrom(`${name}=`, `${name}=%00`, `${name}=1&${name}=2`, `${name}[a]=b`, `${name}=%zz`, `${name}=-0`),
  );

const bodyOf = (schema: Schema, known: Known): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    { weight: 8, arbitrary: valid(schema, known) },
    { weight: 8, arbitrary: spoiled(schema, known) },
    { weight: 2, arbitrary: nastyJson },
    { weight: 1, arbitrary: fc.constantFrom(...BROKEN) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

/** JSON in order, but for one member. */
const spoiled = (schema: Schema, known: Known): fc.Arbitrary<string> => {
  const names = Object.keys(schema.properties ?? {});
  if (names.length === 0) return nastyJson;
  return fc
    .tuple(valid(schema, known), fc.constantFrom(...names), nastyJson)
    .map(([json, name, nasty]) => `${json.slice(0, -1)}${json === "{}" ? "" : ","}${JSON.stringify(name)}:${nasty}}`);
};

/** JSON text that fits the schema. Fields that name something name what exists, mostly. */
function valid(schema: Schema, known: Known, name = ""): fc.Arbitrary<string> {
  const existing = known[name] ?? [];
  if (schema.type === "string" && existing.length > 0) {
    const some = fc.constantFrom(...existing).map((text) => JSON.stringify(text));
    return schema.format === "uuid" ? fc.oneof({ weight: 5, arbitrary: some }, fc.uuid().map(quoted)) : some;
  }
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum).map((value) => JSON.stringify(value));
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((form) => valid(form, known, name)));

  switch (schema.type) {
    case "object":
      return schema.properties === undefined ? anObject : members(schema, known);
    case "array":
      return list(schema, known, name);
    case "string":
      if (schema.format === "uuid") return fc.uuid().map(quoted);
      if (schema.format === "uri-reference") return fc.constant('"/hook"');
      return fc.string({ unit: "grapheme", minLength: schema.minLength ?? 0, maxLength: 12 }).map(quoted);
    case "integer":
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000_000 }).map(String);
    case "number":
      return fc
        .integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000_000, 1_000_000) })
        .map(String);
    case "boolean":
      return fc.boolean().map(String);
    case "null":
      return fc.constant("null");
    default:
      return fc.oneof(fc.constant("null"), anObject, fc.json({ maxDepth: 2 }));
  }
}

const quoted = (text: string): string => JSON.stringify(text);

const anObject: fc.Arbitrary<string> = fc
  .dictionary(fc.string({ unit: "grapheme", maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value) => JSON.stringify(value));

function list({ items = {}, minItems = 0 }: Schema, known: Known, name: string): fc.Arbitrary<string> {
  // A list called `thread_ids` holds what `thread_id` speaks of.
  const of = known[name] === undefined ? name.replace(/s$/, "") : name;
  const entries: fc.Arbitrary<readonly string[]> = isTuple(items)
    ? fc.tuple(...items.map((item) => valid(item, known, of)))
    : fc.array(valid(items, known, of), { minLength: minItems, maxLength: minItems + 2 });
  return entries.map((texts) => `[${texts.join()}]`);
}

const isTuple = (items: Schema | readonly Schema[]): items is readonly Schema[] => Array.isArray(items);

function members({ properties = {}, required = [] }: Schema, known: Known): fc.Arbitrary<string> {
  const one = ([name, schema]: readonly [string, Schema]): fc.Arbitrary<string> => {
    const given = valid(schema, known, name).map((json) => `${JSON.stringify(name)}:${json}`);
    return required.includes(name) ? given : fc.oneof({ weight: 2, arbitrary: fc.constant("") }, given);
  };
  return fc
    .tuple(...Object.entries(properties).map(one))
    .map((texts) => `{${texts.filter((text) => text !== "").join()}}`);
}
