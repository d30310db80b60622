import type { Repositories } from "@graphfleet/domain";

import { NAMED } from "../driver.js";
import { makeStorage } from "../storage.js";
import { recorder } from "./recorder.js";
import { SAMPLES, type Sample } from "./samples.js";

/** Where a line begins in statements that came out of a builder on one line. */
const CLAUSES = / (?=(?:from|inner join|where|set|values|on conflict|returning|order by|limit) )/g;

/**
 * The SQL of every repository, as files: name to contents. Needs no database.
 * @throws when two statements share a name: a connection that has prepared one of them refuses the other.
 */
export async function renderAll(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const named = new Map<string, string>();
  for (const [repository, samples] of Object.entries(SAMPLES)) {
    const parts = [];
    for (const sample of samples) parts.push(await render(sample, named));
    files.set(`${repository}.sql`, `${HEADER}\n${parts.join("\n")}`);
  }
  return files;
}

const HEADER = `-- Generated from the code by \`pnpm sql:snapshot\`, for reviewers: a change of SQL shows up here.
`;

async function render({ name, call, answers }: Sample, named: Map<string, string>): Promise<string> {
  const { db, statements } = recorder(answers);
  const repositories: Repositories = makeStorage(db, db);
  await call(repositories);
  for (const text of statements) {
    const own = NAMED.exec(text)?.[1];
    if (own !== undefined && (named.get(own) ?? text) !== text) throw new Error(`"${own}" names two statements`);
    if (own !== undefined) named.set(own, text);
  }
  return `-- ${name}\n${statements.map((sql) => `${layOut(sql)};\n`).join("")}`;
}

/** Statements written by hand begin on a line of their own or with their name; they keep their lines. */
const BY_HAND = /^(?:\n|\/\*)/;

function layOut(sql: string): string {
  if (!BY_HAND.test(sql)) return sql.replaceAll(/\s+/g, " ").replaceAll(CLAUSES, "\n");
  const [first = "", ...rest] = sql.split("\n").map((line) => line.trimEnd());
  const indents = rest.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return [first, ...rest.map((line) => line.slice(indent))].filter((line) => line !== "").join("\n");
}
