import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { stringify, toJson, toStorableJson } from "./serialize.js";

describe("messages", () => {
  test("a human message is flat, with exactly the keys clients compare", () => {
    expect(toJson(new HumanMessage({ id: "1", content: "hi" }))).toEqual({
      content: "hi",
      additional_kwargs: {},
      response_metadata: {},
      type: "human",
      id: "1",
    });
  });

  test("an AI message carries its tool calls", () => {
    expect(toJson({ messages: [new AIMessage({ id: "2", content: "ok" })] })).toEqual({
      messages: [
        {
          content: "ok",
          additional_kwargs: {},
          response_metadata: {},
          tool_calls: [],
          invalid_tool_calls: [],
          type: "ai",
          id: "2",
        },
      ],
    });
  });

  test("chunks and tool messages are flat too, however deep they sit", () => {
    expect(toJson([{ a: { b: new AIMessageChunk({ id: "3", content: "t" }) } }])).toMatchObject([
      { a: { b: { type: "ai", content: "t", tool_call_chunks: [] } } },
    ]);
    expect(toJson(new ToolMessage({ content: "42", tool_call_id: "call" }))).toMatchObject({
      type: "tool",
      tool_call_id: "call",
    });
  });
});

describe("other values", () => {
  test.each([
    ["dates", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["big integers", 12n, "12"],
    ["maps with text keys", new Map([["a", 1]]), { a: 1 }],
    ["maps with other keys", new Map([[1, "a"]]), [[1, "a"]]],
    ["sets", new Set([1, 2]), [1, 2]],
    ["bytes", new Uint8Array([1, 2, 3]), "AQID"],
    ["errors", new TypeError("no"), { name: "TypeError", message: "no" }],
    ["regular expressions", /a+/g, "/a+/g"],
    ["functions in objects", { run: () => 1, kept: true }, { kept: true }],
    ["undefined", undefined, null],
    ["symbols", Symbol("x"), null],
    ["what a message holds", new Map([["m", new HumanMessage({ id: "1", content: "x" })]]), { m: { type: "human" } }],
  ])("%s", (_name, value, expected) => {
    const json = toJson(value);
    if (typeof expected === "object" && expected !== null && !Array.isArray(expected))
      expect(json).toMatchObject(expected);
    else expect(json).toEqual(expected);
  });

  test("a cycle is cut, and everything else stays", () => {
    const cycle: Record<string, unknown> = { name: "loop", when: new Date(0), big: 1n };
    cycle.self = cycle;
    cycle.list = [new HumanMessage({ id: "1", content: "x" }), cycle];
    expect(toJson(cycle)).toMatchObject({
      name: "loop",
      when: "1970-01-01T00:00:00.000Z",
      big: "1",
      self: "[Circular]",
      list: [{ type: "human" }, "[Circular]"],
    });
  });

  test("the same object twice is no cycle", () => {
    const shared = { a: 1 };
    expect(toJson([shared, shared])).toEqual([shared, shared]);
  });

  test("a getter that throws costs its own value only", () => {
    const hostile = {
      kept: 1,
      get lost(): never {
        throw new Error("no entry");
      },
    };
    expect(toJson(hostile)).toEqual({ kept: 1, lost: "[Unreadable: no entry]" });
  });

  test("one line, whatever is in it", () => {
    expect(stringify({ text: "a\nb\u2028c" })).not.toContain("\n");
  });
});

describe("toStorableJson", () => {
  test("takes out what jsonb refuses, in values and keys", () => {
    expect(toStorableJson({ "k\0": "a\0b", half: "x\uD800y", pair: "\u{1F600}", text: String.raw`\u0000` })).toEqual({
      k: "ab",
      half: "xy",
      pair: "\u{1F600}",
      text: String.raw`\u0000`,
    });
  });
});
