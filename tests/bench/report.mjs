import { median } from "./stats.mjs";

/** @typedef {import("./measure.mjs").Metrics} Metrics */

/**
 * @typedef {object} Result one scenario, all rounds
 * @property {string} name
 * @property {string} title
 * @property {Metrics[]} ours
 * @property {Metrics[]} official
 */

const COLUMNS = ["ours", "official", "ours / official"];

/**
 * The table of one scenario: a row per metric, the medians of the rounds, and their ratio.
 * @param {Result} result
 * @returns {string[][]}
 */
export function rowsOf({ ours, official }) {
  const names = [...new Set([...ours, ...official].flatMap((metrics) => Object.keys(metrics)))];
  const isLast = (/** @type {string} */ name) => name === "errors";
  const inOrder = [...names.filter((name) => !isLast(name)), ...names.filter(isLast)];
  return inOrder.map((name) => {
    const [left, right] = [ours, official].map((rounds) => valueOf(name, rounds));
    return [name, show(left), show(right), name === "errors" ? "" : showRatio(left, right)];
  });
}

/** Errors add up over the rounds; a median would hide them. @param {string} name @param {Metrics[]} rounds */
function valueOf(name, rounds) {
  if (rounds.length === 0) return null;
  const values = rounds.map((metrics) => metrics[name] ?? null);
  return name === "errors" ? values.reduce((sum, value) => (sum ?? 0) + (value ?? 0), 0) : median(values);
}

/** @param {number | null | undefined} value */
function show(value) {
  if (value === null || value === undefined) return "n/a";
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** @param {number | null | undefined} ours @param {number | null | undefined} official */
function showRatio(ours, official) {
  if (ours === null || ours === undefined || !official) return "n/a";
  const ratio = ours / official;
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} x`;
}

/** For the terminal. @param {Result} result */
export function textOf(result) {
  const { rows } = aligned([["", ...COLUMNS], ...rowsOf(result)]);
  return [`${result.name}: ${result.title}`, ...rows.map((row) => `  ${row.join("  ")}`)].join("\n");
}

/**
 * Names to the left, numbers to the right, every column as wide as its widest cell.
 * @param {string[][]} rows
 */
function aligned(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (/** @type {string} */ cell, /** @type {number} */ column) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return { widths, rows: rows.map((row) => row.map(pad)) };
}

/** Aligned, so that the file needs no formatting after it was written. @param {string[][]} body */
function markdownTable(body) {
  const { widths, rows } = aligned([["", ...COLUMNS], ...body]);
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return rows.toSpliced(1, 0, rule).map((cells) => `| ${cells.join(" | ")} |`);
}

/**
 * The page that is committed.
 * @param {Result[]} results
 * @param {Record<string, string>} facts of the machine and the call
 */
export function markdownOf(results, facts) {
  const lines = [
    "# Results of the bench",
    "",
    "Written by `npm run bench -- --record`. Both servers run on one machine, in the same call, scenario by scenario in",
    "turn. Each value is the median of the rounds; errors are their sum. Of times and CPU the smaller ratio is the better",
    "one, of `per second` the larger. The official server keeps everything in the memory of one process; ours writes every",
    "run to Postgres and executes it in another process. CPU counts all processes of a server, databases included, and",
    "what they do between requests, which shows where few requests are made.",
    "",
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    "",
  ];
  for (const result of results) {
    lines.push(`## ${result.name}\n\n${result.title}.\n`, ...markdownTable(rowsOf(result)), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
