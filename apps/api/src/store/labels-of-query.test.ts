import { labelsOfQuery } from "./labels-of-query.js";

test.each([
  ["a.b", ["a", "b"]],
  [
    ["a", "b"],
    ["a", "b"],
  ],
  [
    ["a.b", "c"],
    ["a", "b", "c"],
  ],
  ['["a","b"]', ["a", "b"]],
  ["[a].b", ["[a]", "b"]],
  ["[1]", ["[1]"]],
  ["a,b.c", ["a,b", "c"]],
  ["a..b", ["a", "", "b"]],
  ["", []],
  [undefined, []],
])("%j", (namespace, labels) => {
  expect(labelsOfQuery(namespace)).toEqual(labels);
});
