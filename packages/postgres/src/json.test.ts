import { hasNul, jsonbText, plainText } from "./json.js";

describe("jsonbText", () => {
  test.each([
    ["NUL vanishes", { "a\u0000": ["x\u0000y"] }, { a: ["xy"] }],
    ["a lone half becomes the replacement character", "a\uD83Db\uDC00", "a\uFFFDb\uFFFD"],
    ["whole characters stay", '😀 é \u001F "q"', '😀 é \u001F "q"'],
    ["text that looks like an escape stays", "\\u0000 \\\\u0000 \\ud83d", "\\u0000 \\\\u0000 \\ud83d"],
    ["a backslash before NUL stays", "\\\u0000", "\\"],
  ])("%s", (_, value, stored) => {
    expect(JSON.parse(jsonbText(value))).toEqual(stored);
  });
});

test("hasNul finds the character, not its description", () => {
  expect(hasNul({ deep: ["a\u0000"] })).toBe(true);
  expect(hasNul({ "k\u0000": 1 })).toBe(true);
  expect(hasNul("\\u0000")).toBe(false);
  expect(hasNul("\\\u0000")).toBe(true);
  expect(hasNul("plain")).toBe(false);
});

test("plainText drops NUL only", () => {
  expect(plainText("a\0b\\0")).toBe("ab\\0");
});
