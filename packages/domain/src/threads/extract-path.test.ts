import { parseExtract } from "./extract-path.js";

test.each([
  ["values", "values", []],
  ["metadata.x", "metadata", ["x"]],
  ["values.messages[-1].content[0].text", "values", ["messages", "-1", "content", "0", "text"]],
  ["values.grid[1][2]", "values", ["grid", "1", "2"]],
])("%s", (text, field, path) => {
  expect(parseExtract("a", text)).toEqual({ alias: "a", field, path });
});

test.each(["", "values.", ".values", "values[x]", "values.a[1", "values.[0]", "values..a", "values.a[1]b"])(
  "%j is no path",
  (text) => {
    expect(() => parseExtract("a", text)).toThrow("extract.a must be a path like values.messages[-1]");
  },
);

test("begins at a field of a thread", () => {
  expect(() => parseExtract("a", "nope.x")).toThrow("extract.a must begin with one of: thread_id, created_at");
});
