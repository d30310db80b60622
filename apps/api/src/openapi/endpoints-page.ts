import type { Operation } from "../http/operation.js";
import { curlOf } from "./curl.js";
import { openApiPath } from "./openapi-document.js";

/** docs/endpoints.md: every operation with a command that tries it. */
export function endpointsPage(operations: readonly Operation[]): string {
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  return `# Endpoints

Every endpoint with a command to try it. This page is written by \`pnpm docs:endpoints\`; a running server has the whole
description at \`/docs\` and \`/openapi.json\`. The commands take ids from the shell: \`THREAD_ID\`, \`RUN_ID\`, \`CHECKPOINT_ID\`.
${tags.map((tag) => section(tag, operations)).join("")}`;
}

const section = (tag: string, operations: readonly Operation[]): string => `
## ${tag}

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
