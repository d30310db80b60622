import { MAX_NESTING, parseJson } from "./json-text.js";

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

test("reads JSON", () => {
  expect(parseJson('{"a":[1,"]}{["]}')).toEqual({ a: [1, "]}{["] });
  expect(() => parseJson("{")).toThrow(SyntaxError);
});

test.each([["[", "]"] as const, ['{"a":[', "]}"] as const])(
  "goes down to the limit and no further: %s",
  (open, close) => {
    const levels = open.length > 1 ? 2 : 1;

    expect(() => parseJson(nested(open, close, MAX_NESTING / levels))).not.toThrow();
    expect(() => parseJson(nested(open, close, MAX_NESTING / levels + 1))).toThrow(
      "JSON is nested deeper than 500 levels, which is the limit of this server",
    );
  },
);

test("takes brackets in texts for what they are", () => {
  const text = `\\"${"[".repeat(2000)}\\\\`;
  expect(parseJson(`["${text}"]`)).toHaveLength(1);
});

test("breadth is not depth", () => {
  expect(parseJson(`[${Array.from({ length: 2000 }, () => "[{}]").join()}]`)).toHaveLength(2000);
});
