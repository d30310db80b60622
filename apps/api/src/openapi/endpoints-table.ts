import type { Operation } from "../http/operation.js";
import { curlOf } from "./curl.js";
import { openApiPath } from "./openapi-document.js";

const BEGIN = "<!-- prettier-ignore-start -->";
const END = "<!-- prettier-ignore-end -->";

/** The README with its table of every endpoint and a command that tries it brought up to date. */
export function withEndpoints(readme: string, operations: readonly Operation[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("README.md lacks the marks around its table of endpoints");
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const tables = tags.map((tag) => section(tag, operations)).join("\n");
  return `${readme.slice(0, begin)}${BEGIN}\n\n${tables}\n${readme.slice(end)}`;
}

const section = (tag: string, operations: readonly Operation[]): string => `### ${tag}

| Endpoint | What it does | Try it |
| --- | --- | --- |
${operations
  .filter((operation) => operation.tag === tag)
  .map((operation) => `| ${cells(operation).map(escaped).join(" | ")} |\n`)
  .join("")}`;

const cells = (operation: Operation): readonly string[] => [
  `\`${operation.method.toUpperCase()} ${openApiPath(operation.path)}\``,
  operation.summary,
  `\`${curlOf(operation)}\``,
];

const escaped = (cell: string): string => cell.replaceAll("|", "\\|");
