import { parseArgs } from "node:util";

export const USAGE = `Measures a Graphfleet server, beside the official in-memory server.

  node tests/bench/run.mjs [options]

  --base-url URL        measure the server at URL (it has to serve tests/bench/langgraph.json)
                        instead of starting ours; BASE_URL does the same
  --against NAME        official (default), or none
  --without-ours        measure the official server alone
  --only NAMES          comma list: wait, thread-wait, steps, stream, burst, sleepers, joiners, or one size: wait-32
  --rounds N            1 to 10, default 3 (1 with --quick); the medians of the rounds are shown
  --slots N             runs each server may execute at once, default 20
  --quick               small counts: does everything work?
  --record              write the result to tests/bench/RESULTS.md
  --help                this text
`;

/**
 * @typedef {object} Options
 * @property {string | null} baseUrl
 * @property {boolean} ours whether ours (or the server at baseUrl) is measured
 * @property {boolean} official
 * @property {string[]} only
 * @property {number} rounds
 * @property {number} slots
 * @property {boolean} quick
 * @property {boolean} record
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @param {string | undefined} baseUrlFromEnv
 * @returns {Options}
 * @throws {Error} one sentence that names the bad option
 */
export function parseOptions(args, baseUrlFromEnv) {
  const { values } = parseArgs({
    args,
    options: {
      "base-url": { type: "string" },
      against: { type: "string", default: "official" },
      "without-ours": { type: "boolean", default: false },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      slots: { type: "string", default: "20" },
      quick: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });

  if (values.against !== "official" && values.against !== "none") {
    throw new Error(`--against is "official" or "none", not "${values.against}"`);
  }
  const options = {
    baseUrl: urlOrNull(values["base-url"] ?? baseUrlFromEnv),
    ours: !values["without-ours"],
    official: values.against === "official",
    only: values.only
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    rounds: wholeNumber("--rounds", values.rounds ?? (values.quick ? "1" : "3"), 1, 10),
    slots: wholeNumber("--slots", values.slots, 1, 1_000),
    quick: values.quick,
    record: values.record,
    help: values.help,
  };
  if (!options.ours && !options.official) throw new Error("--without-ours with --against none measures nothing");
  return options;
}

/** @param {string | undefined} text */
function urlOrNull(text) {
  if (text === undefined || text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error(`--base-url is no http URL: "${text}"`);
  return url.href;
}

/** @param {string} name @param {string} text @param {number} min @param {number} max */
function wholeNumber(name, text, min, max) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} is a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
