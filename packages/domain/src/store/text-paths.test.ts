import { textsAt } from "./text-paths.js";

const VALUE = {
  title: "t",
  count: 3,
  yes: true,
  nothing: null,
  blank: " ",
  author: { name: "Ada", langs: ["en", "fr"] },
  chapters: [{ text: "one" }, { text: "two", n: 2 }, { other: "x" }],
};

test.each<[string, readonly string[]]>([
  ["$", [JSON.stringify(VALUE, null, 2)]],
  ["", [JSON.stringify(VALUE, null, 2)]],
  ["title", ["t"]],
  ["$.title", ["t"]],
  ["count", ["3"]],
  ["yes", ["true"]],
  ["nothing", []],
  ["blank", []],
  ["missing.deeper", []],
  ["toString", []],
  ["author.name", ["Ada"]],
  ["author", [JSON.stringify(VALUE.author, null, 2)]],
  ["author.langs[0]", ["en"]],
  ["author.langs[-1]", ["fr"]],
  ["author.langs[9]", []],
  ["author.langs[x]", []],
  ["chapters[*].text", ["one", "two"]],
  ["chapters[0].text", ["one"]],
  ["title[0]", []],
  ["author.*", ["Ada", JSON.stringify(["en", "fr"], null, 2)]],
  ["{title,author.name}", ["t", "Ada"]],
  ["chapters[*].{text,n}", ["one", "two", "2"]],
])("%s", (path, expected) => {
  expect(textsAt(VALUE, path)).toEqual(expected);
});
