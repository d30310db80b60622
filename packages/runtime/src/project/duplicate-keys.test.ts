import { duplicateKeys } from "./duplicate-keys.js";

test.each([
  ["none", '{"a": {"b": 1, "c": "a"}, "b": {"b": ["b", "b"]}}', []],
  ["at the top", '{"a": 1, "a": 2}', ["a"]],
  ["below, and told once", '{"graphs": {"agent": "x", "agent": "y", "agent": "z"}}', ["graphs.agent"]],
  ["in an object of a list", '{"l": [{"a": 1}, {"a": 1, "a": 2}]}', ["l.1.a"]],
  ["inside of a value that is thrown away", '{"a": {"b": 1, "b": 2}, "a": 3}', ["a.b", "a"]],
  ["written differently", String.raw`{"a": 1, "\u0061": 2}`, ["a"]],
  ["signs in texts are none", String.raw`{"a": "{\"a\": 1, \"a\": 2}", "b": "},{"}`, []],
  ["no object", '["a", "a"]', []],
  ["a text", '"a"', []],
])("keys that stand twice: %s", (_case, json, expected) => {
  expect(duplicateKeys(json)).toEqual(expected);
});
