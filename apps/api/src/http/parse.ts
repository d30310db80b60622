import { invalidRequest } from "@graphfleet/domain";
import type { Static, TSchema } from "@sinclair/typebox";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { coerceQuery } from "./coerce-query.js";
import { dropNulls } from "./drop-nulls.js";
import { findNul } from "./find-nul.js";
import { EXACT, ONE_OR_MANY } from "./schemas.js";

// One error at a time: a list of a million bad items must not become a million errors.
const ajv = new Ajv({ useDefaults: true, allErrors: false, verbose: true, allowUnionTypes: true });
formats.default(ajv, ["uri-reference"]);
ajv.addFormat("uuid", /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i);
ajv.addKeyword(ONE_OR_MANY);
ajv.addKeyword(EXACT);

const validators = new WeakMap<TSchema, ValidateFunction>();

/**
 * Checks a body or the parameters of a path, and fills in defaults. Null stands for "absent" wherever the schema does not
 * allow it; unknown fields are ignored.
 *
 * @throws DomainError `invalid_request` whose message names the field.
 */
export function parse<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  return check(schema, dropNulls(schema, value));
}

/** Checks a query string, after turning its texts into what the schema asks for. @throws like {@link parse}. */
export function parseQuery<Schema extends TSchema>(schema: Schema, query: object): Static<Schema> {
  return check(schema, coerceQuery(schema, query));
}

function check<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  const validate = validatorOf(schema);
  const fits = validate(value);
  const nul = fits ? findNul(schema, value) : null;
  if (fits && nul === null) return value;

  const { field, problem } =
    nul === null ? explain(validate.errors ?? []) : { field: nul, problem: "must not contain NUL characters" };
  throw invalidRequest(`${field} ${problem}`, { issues: [{ field, problem }] });
}

function validatorOf(schema: TSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const made = ajv.compile(schema);
  validators.set(schema, made);
  return made;
}

/** The error to show. When no form of a union fits, the union itself says what is wrong, not its last form. */
function explain(errors: readonly ErrorObject[]): { field: string; problem: string } {
  const error = errors.find(({ keyword }) => keyword === "anyOf") ?? errors[0];
  if (error === undefined) return { field: "request", problem: "is invalid" };

  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  if (error.keyword === "required") path.push(String(error.params.missingProperty));
  return { field: path.length === 0 ? "request body" : path.join("."), problem: problemOf(error) };
}

function problemOf({ keyword, params, parentSchema, message }: ErrorObject): string {
  switch (keyword) {
    case "required":
      return "is required";
    case "enum":
      return `must be one of: ${(params.allowedValues as readonly string[]).join(", ")}`;
    case "format":
      return params.format === "uuid" ? "must be a UUID" : `must be a valid ${String(params.format)}`;
    case "anyOf":
      return `must be ${String(parentSchema?.description ?? "of another form")}`;
    default:
      return message ?? "is invalid";
  }
}

const unescapePointer = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~");
