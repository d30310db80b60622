import fc from "fast-check";
import { isObject, type Json, type JsonObject } from "../json.js";
import { toScope } from "./filter.js";
import { isWithin } from "./scope.js";

describe("toScope", () => {
  test.each<[string, boolean, object, JsonObject]>([
    ["a value means equality", true, { owner: "ann" }, { owner: "ann" }],
    ["a value means equality", false, { owner: "ann" }, { owner: "bob" }],
    ["$eq", true, { owner: { $eq: "ann" } }, { owner: "ann" }],
    ["$eq of something falsy still compares", false, { level: { $eq: 0 } }, { level: 1 }],
    ["$eq of an empty text still compares", false, { org: "" }, { org: "acme" }],
    ["null still compares", false, { org: null }, { org: "acme" }],
    ["null is not the lack of a key", false, { org: null }, {}],
    ["$contains one", true, { teams: { $contains: "red" } }, { teams: ["red", "blue"] }],
    ["$contains several", false, { teams: { $contains: ["red", "green"] } }, { teams: ["red", "blue"] }],
    ["$contains on a text", false, { teams: { $contains: "red" } }, { teams: "red" }],
    ["two operators on one key", false, { a: { $eq: ["x"], $contains: "y" } }, { a: ["x"] }],
    ["an object without operators is a value", true, { a: { b: 1 } }, { a: { b: 1 } }],
    ["an empty object is a value", false, { a: {} }, { a: { b: 1 } }],
    ["keys are all needed", false, { a: 1, b: 2 }, { a: 1 }],
    ["$or needs one", true, { $or: [{ owner: "ann" }, { shared: true }] }, { shared: true }],
    ["$or needs one", false, { $or: [{ owner: "ann" }, { shared: true }] }, { owner: "bob" }],
    ["$or of none matches nothing", false, { $or: [] }, { owner: "ann" }],
    ["$and needs all", false, { $and: [{ a: 1 }, { b: 2 }] }, { a: 1 }],
    ["$and and $or nest", true, { $and: [{ $or: [{ a: 1 }, { a: 2 }] }, { b: 3 }] }, { a: 2, b: 3 }],
    ["$or beside a key", false, { org: "x", $or: [{ a: 1 }] }, { org: "y", a: 1 }],
    ["an inherited name is no key", false, { toString: { $eq: "x" } }, {}],
  ])("%s: %s", (_what, expected, filter, metadata) => {
    expect(isWithin(toScope(filter), metadata)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    ["undefined", { owner: undefined }, "filter.owner must be a value that JSON can hold, not undefined"],
    ["an undefined operand", { owner: { $eq: undefined } }, "filter.owner.$eq must be"],
    ["undefined in a list", { a: { $contains: ["x", undefined] } }, "filter.a.$contains[1]"],
    ["undefined in an object", { a: { b: undefined } }, "filter.a.b must be"],
    ["undefined in a branch", { $or: [{ a: 1 }, { b: undefined }] }, "filter.$or[1].b"],
    ["a branch that is missing", { $or: [undefined] }, "filter.$or[0] must be a plain object, not undefined"],
    ["no list of branches", { $and: { a: 1 } }, "filter.$and must be a list of filters"],
    ["NaN", { a: Number.NaN }, "not NaN"],
    ["a function", { a: () => "x" }, "not a function"],
    ["a date", { a: new Date(0) }, "not a Date"],
    ["a map of conditions", new Map([["owner", "ann"]]), "filter must be a plain object, not a Map"],
    ["a list", [{ owner: "ann" }], "filter must be a plain object, not a Array"],
    ["an unknown operator", { a: { $gt: 1 } }, "there is no operator $gt"],
    ["an unknown combination", { $not: [{ a: 1 }] }, "there is no operator $not"],
    ["a mixture", { a: { $eq: 1, b: 2 } }, "filter.a mixes operators and values"],
  ])("refuses %s rather than leaving the condition out", (_what, filter, message) => {
    expect(() => toScope(filter)).toThrow(message);
  });

  test("a filter of plain values lets in exactly the rows that have them", () => {
    const values = fc.jsonValue().filter((value) => !isObject(value)) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(
        fc.string().filter((key) => !key.startsWith("$") && key !== "__proto__"),
        values,
        values,
        (key, wanted, held) => {
          const isSame = JSON.stringify(wanted) === JSON.stringify(held);
          expect(isWithin(toScope({ [key]: wanted }), { [key]: wanted })).toBe(true);
          if (!isSame) expect(isWithin(toScope({ [key]: wanted }), { [key]: held })).toBe(false);
        },
      ),
    );
  });
});
