import { DomainError } from "@graphfleet/domain";
import { Type } from "@sinclair/typebox";
import { parse, parseQuery } from "./parse.js";
import { AnyJson, AnyObject, eitherOf, Filter, Flag, Limit, oneOf, oneOrMany, Uuid } from "./schemas.js";

const Body = Type.Object({
  id: Uuid,
  limit: Limit,
  flag: Flag,
  mode: Type.Optional(oneOf(["a", "b"])),
  modes: Type.Optional(oneOrMany(oneOf(["a", "b"]))),
  input: Type.Optional(AnyJson),
  metadata: Type.Optional(AnyObject),
  nodes: Type.Optional(eitherOf('"*" or a list of names', Type.Literal("*"), Type.Array(Type.String()))),
  checkpoint: Type.Optional(Type.Object({ id: Type.Optional(Type.String()), map: Type.Optional(AnyObject) })),
  steps: Type.Optional(Type.Array(Type.Object({ command: Type.Optional(AnyObject) }))),
});
const id = "fe096781-5601-53d2-b2f6-0d3403f7e9ca";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).code).toBe("invalid_request");
    return (error as DomainError).message;
  }
  throw new Error("It was accepted");
}

describe("NUL characters", () => {
  const Exact = Type.Object({
    ...Body.properties,
    name: Type.Optional(Type.String()),
    names: Type.Optional(oneOrMany(Type.String())),
    before: Type.Optional(eitherOf("an id or an object", Type.String(), Type.Object({ id: Type.String() }))),
    filter: Type.Optional(Filter),
  });

  test.each([
    ["name", { name: "a\0b" }],
    ["names.1", { names: ["a", "\0"] }],
    ["nodes.0", { nodes: ["\0"] }],
    ["checkpoint.id", { checkpoint: { id: "\0" } }],
    ["before", { before: "\0" }],
    ["before.id", { before: { id: "\0" } }],
    ["filter.deep.0.a", { filter: { deep: [{ a: "\0" }] } }],
    ["filter", { filter: { "\0": 1 } }],
  ])("are refused where text is taken literally: %s", (field, more) => {
    expect(refusal(() => parse(Exact, { id, ...more }))).toBe(`${field} must not contain NUL characters`);
  });

  test("are refused in a query", () => {
    expect(refusal(() => parseQuery(Exact, { id, name: "\0" }))).toBe("name must not contain NUL characters");
  });

  test("are let through in what users and models write", () => {
    const content = { input: { text: "a\0b" }, metadata: { "k\0": "\0" } };
    expect(parse(Exact, { id, ...content })).toMatchObject(content);
  });
});

describe("parse", () => {
  test("fills in defaults and ignores what it does not know", () => {
    expect(parse(Body, { id, assistantId: "camel" })).toMatchObject({ id, limit: 10, flag: false });
  });

  test("takes null for absent, in described members too, and keeps it where anything goes", () => {
    const parsed = parse(Body, {
      id,
      limit: null,
      flag: null,
      mode: null,
      modes: null,
      metadata: null,
      nodes: null,
      input: null,
      checkpoint: { id: null, map: null },
      steps: [{ command: null }],
    });

    expect(parsed).toEqual({ id, limit: 10, flag: false, input: null, checkpoint: {}, steps: [{}] });
  });

  test("leaves what the graph will read as it came", () => {
    const input = { a: null, b: [null, { c: null }] };
    expect(parse(Body, { id, input, metadata: { gone: null } })).toMatchObject({ input, metadata: { gone: null } });
  });

  test("does not change what it was given", () => {
    const given = { id, mode: null, checkpoint: { id: null } };
    parse(Body, given);
    expect(given).toEqual({ id, mode: null, checkpoint: { id: null } });
  });

  test("takes a bare item for a list of one, and a boolean in words", () => {
    expect(parse(Body, { id, modes: "a", flag: "yes" })).toMatchObject({ modes: ["a"], flag: true });
  });

  test.each([
    ["id is required", {}],
    ["id is required", { id: null }],
    ["id must be a UUID", { id: "abc" }],
    ["id must be a UUID", { id: `urn:uuid:${id}` }],
    ["limit must be >= 1", { id, limit: 0 }],
    ["limit must be <= 1000", { id, limit: 1001 }],
    ["limit must be integer", { id, limit: "10" }],
    ["mode must be one of: a, b", { id, mode: "c" }],
    ["modes.1 must be one of: a, b", { id, modes: ["a", "c"] }],
    ["metadata must be object", { id, metadata: [] }],
    ['nodes must be "*" or a list of names', { id, nodes: "some" }],
    ["checkpoint.id must be string", { id, checkpoint: { id: 1 } }],
    ["request body must be object", []],
    ["request body must be object", "text"],
    ["request body must be object", undefined],
  ])("says: %s", (message, body) => {
    expect(refusal(() => parse(Body, body))).toBe(message);
  });
});

describe("parseQuery", () => {
  const Query = Type.Object({
    flag: Flag,
    limit: Limit,
    text: Type.Optional(Type.String()),
    names: Type.Optional(oneOrMany(Type.String())),
    metadata: Type.Optional(AnyObject),
  });

  test.each([
    ["true", true],
    ["1", true],
    ["Yes", true],
    ["false", false],
    ["0", false],
    ["NO", false],
    ["", false],
  ])("reads the boolean %j", (text, flag) => {
    expect(parseQuery(Query, { flag: text }).flag).toBe(flag);
  });

  test.each([
    ["a repeated key", ["a", "b"]],
    ["a JSON array", '["a","b"]'],
    ["commas", "a, b"],
  ])("reads a list from %s", (_form, names) => {
    expect(parseQuery(Query, { names }).names).toEqual(["a", "b"]);
  });

  test("reads numbers and JSON, leaves texts alone, and takes empty ones for absent", () => {
    expect(parseQuery(Query, { limit: "5", metadata: '{"k":1}', text: "7", names: "" })).toEqual({
      flag: false,
      limit: 5,
      metadata: { k: 1 },
      text: "7",
    });
  });

  test.each([
    ["flag must be boolean", { flag: "maybe" }],
    ["limit must be integer", { limit: "ten" }],
    ["limit must be integer", { limit: "1.5" }],
    ["metadata must be object", { metadata: "{" }],
  ])("says: %s", (message, query) => {
    expect(refusal(() => parseQuery(Query, query))).toBe(message);
  });
});
