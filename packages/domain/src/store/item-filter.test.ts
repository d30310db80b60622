import { toConditions } from "./item-filter.js";

test("operators where all keys are operators, equality elsewhere", () => {
  expect(toConditions({ age: { $gt: 5, $lte: 9 }, name: "x", at: { $eq: 1, b: 2 }, empty: {} })).toEqual([
    { key: "age", operator: "$gt", value: 5 },
    { key: "age", operator: "$lte", value: 9 },
    { key: "name", operator: "$eq", value: "x" },
    { key: "at", operator: "$eq", value: { $eq: 1, b: 2 } },
    { key: "empty", operator: "$eq", value: {} },
  ]);
});

test("refuses operators that nobody knows, and filters without end", () => {
  expect(() => toConditions({ a: { $like: "x" } })).toThrow("filter.a: Unknown filter operator $like");
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`k${n}`, n]));
  expect(() => toConditions(many)).toThrow("filter has 1001 conditions; 1000 are the most");
});
