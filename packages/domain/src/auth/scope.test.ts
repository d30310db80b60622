import fc from "fast-check";
import type { Json } from "../json.js";
import { type FieldCondition, isWithin, type ScopeCondition, WHOLE_HOUSE } from "./scope.js";

const when = (operator: FieldCondition["operator"], value: Json) => ({ conditions: [{ key: "k", operator, value }] });

describe("isWithin", () => {
  test.each<[string, boolean, FieldCondition["operator"], Json, Json]>([
    ["an equal value", true, "eq", "ann", "ann"],
    ["another value", false, "eq", "ann", "bob"],
    ["an equal object, whatever the order of its keys", true, "eq", { a: 1, b: [2] }, { b: [2], a: 1 }],
    ["an object with more in it", false, "eq", { a: 1 }, { a: 1, b: 2 }],
    ["a list that has the value", true, "contains", "a", ["a", "b"]],
    ["a list that has all the values", true, "contains", ["a", "b"], ["b", "c", "a"]],
    ["a list that has only some of the values", false, "contains", ["a", "b"], ["a"]],
    ["a list that has an equal object", true, "contains", { a: 1 }, [{ a: 1 }]],
    ["a text that has the value in it", false, "contains", "a", "abc"],
  ])("%s: %s", (_what, expected, operator, wanted, held) => {
    expect(isWithin(when(operator, wanted), { k: held })).toBe(expected);
  });

  test.each(["eq", "contains"] as const)("a row without the key is outside (%s)", (operator) => {
    expect(isWithin(when(operator, null), {})).toBe(false);
  });

  test("every condition has to hold", () => {
    const conditions: readonly ScopeCondition[] = [
      { key: "a", operator: "eq", value: 1 },
      { key: "b", operator: "contains", value: 2 },
    ];

    expect(isWithin({ conditions }, { a: 1, b: [2] })).toBe(true);
    expect(isWithin({ conditions }, { a: 1, b: [3] })).toBe(false);
  });

  test("the whole house has everything in it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (metadata) => {
        expect(isWithin(WHOLE_HOUSE, metadata)).toBe(true);
      }),
    );
  });
});
