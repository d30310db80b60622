import { readFileSync } from "node:fs";

import type { Static, TObject } from "@sinclair/typebox";
import { Ajv, type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import { messageOf } from "./message-of.js";

export type Env = Readonly<Record<string, string | undefined>>;

/** The configuration cannot be used. The message lists every problem, one sentence each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

const HIDDEN = "***";
const SECRET_NAME = /(KEY|KEYS|PASSWORD|SECRET|TOKEN)$/;

/**
 * Reads the variables a schema names out of an environment.
 *
 * Values are coerced to the schema's types and defaults filled in. An empty variable counts as not set. `NAME_FILE`
 * may name a file that holds the value, as container secrets do. Variables the schema does not know are ignored.
 * A schema may carry `names`, under which the variable is looked for: the first that is set counts.
 * A schema may carry `expected`, the words for a pattern ("one of debug, info"), and `secret`: its value is not shown.
 * Throws `ConfigError` with all problems.
 */
export function loadEnv<T extends TObject>(
  schema: T,
  env: Env,
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): Static<T> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    const value = firstValue(namesOf(name, schema), env, readFile, problems);
    if (value !== undefined) values[name] = value;
  }

  const given = { ...values };
  const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if (!validate(values)) problems.push(...sentences(schema, given, validate.errors ?? [], problems));
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}

/** A copy of a configuration that may be logged: secrets are hidden by name, passwords inside URIs by shape. */
export function redact(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, redactValue(name, value)]));
}

/** Hides the password in every URI of a text. */
export const hidePasswords = (text: string): string =>
  text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):[^\s@/"']+@/gi, `$1:${HIDDEN}@`)
    .replaceAll(/([?&][a-z_]*password=)[^\s&"']+/gi, `$1${HIDDEN}`);

function redactValue(name: string, value: unknown): unknown {
  if (SECRET_NAME.test(name.toUpperCase()) && value !== undefined && value !== "") return HIDDEN;
  if (typeof value === "string") return hidePasswords(value);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return redact(value as Record<string, unknown>);
  }
  return value;
}

function firstValue(names: readonly string[], ...rest: RawSource): string | undefined {
  for (const name of names) {
    const value = rawValue(name, ...rest);
    if (value !== undefined) return value;
  }
  return undefined;
}

const namesOf = (name: string, schema: TObject): readonly string[] =>
  (schema.properties[name]?.["names"] as readonly string[] | undefined) ?? [name];

type RawSource = [env: Env, readFile: (path: string) => string, problems: string[]];

function rawValue(name: string, ...[env, readFile, problems]: RawSource): string | undefined {
  const direct = env[name] === "" ? undefined : env[name];
  const path = env[`${name}_FILE`];
  if (path === undefined || path === "") return direct;
  if (direct !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set; keep one.`);
    return direct;
  }
  try {
    return readFile(path).replace(/\r?\n$/, "");
  } catch (error) {
    problems.push(`${name}_FILE cannot be read: ${messageOf(error)}.`);
    return undefined;
  }
}

/** One sentence per variable, however many rules it broke. */
function sentences(
  schema: TObject,
  given: Readonly<Record<string, unknown>>,
  errors: readonly ErrorObject[],
  already: readonly string[],
): string[] {
  const byName = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const name = error.keyword === "required" ? String(error.params["missingProperty"]) : error.instancePath.slice(1);
    byName.set(name, [...(byName.get(name) ?? []), error]);
  }
  return [...byName]
    .filter(([name]) => !already.some((problem) => problem.startsWith(`${name}_FILE `)))
    .map(([name, found]) => sentence(name, schema, given[name], found));
}

function sentence(name: string, schema: TObject, value: unknown, errors: readonly ErrorObject[]): string {
  const property = schema.properties[name];
  const description = property?.description;
  if (errors.some((error) => error.keyword === "required")) {
    return description === undefined ? `${name} is missing.` : `${name} is missing: ${description}.`;
  }
  const secret = SECRET_NAME.test(name) || property?.["format"] === "uri" || property?.["secret"] === true;
  const got = secret ? "" : `, got ${JSON.stringify(value)}`;
  const expected: unknown = property?.["expected"];
  if (typeof expected === "string") return `${name} must be ${expected}${got}.`;
  const literals = errors
    .filter((error) => error.keyword === "const")
    .map((error) => String(error.params["allowedValue"]));
  if (literals.length > 0) return `${name} must be one of ${literals.join(", ")}${got}.`;
  const rules = errors.map((error) => rule(error));
  return `${name} ${rules.join(" and ")}${got}.`;
}

const A_TYPE: Readonly<Record<string, string>> = {
  integer: "must be a whole number",
  number: "must be a number",
  boolean: "must be true or false",
};

function rule(error: ErrorObject): string {
  switch (error.keyword) {
    case "type":
      return A_TYPE[String(error.params["type"])] ?? `must be of type ${String(error.params["type"])}`;
    case "minimum":
      return `must be at least ${String(error.params["limit"])}`;
    case "maximum":
      return `must be at most ${String(error.params["limit"])}`;
    case "enum":
      return `must be one of ${(error.params["allowedValues"] as unknown[]).join(", ")}`;
    case "format":
      return `must be a valid ${String(error.params["format"])}`;
    default:
      return error.message ?? "is not valid";
  }
}
