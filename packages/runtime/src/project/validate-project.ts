import { isObject } from "@graphfleet/domain";
import type { TSchema } from "@sinclair/typebox";
import { Ajv, type ErrorObject } from "ajv";
import { ProjectError } from "./project-error.js";
import { type ProjectFile, projectSchema } from "./project-schema.js";

const ajv = new Ajv({ verbose: true, strict: false, allowUnionTypes: true });
ajv.addFormat("regex", (text: string) => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
});
const validate = ajv.compile<ProjectFile>(projectSchema);

/**
 * @param source what the value was read from, for messages
 * @throws ProjectError with one sentence that names the key, the value and what may stand there
 */
export function validateProject(json: unknown, source: string): ProjectFile {
  if (validate(json)) return json;
  throw new ProjectError(`${source}: ${complaint(validate.errors ?? [])}`);
}

/** The error that sits deepest says most; unions add one that only repeats it. */
function complaint(errors: readonly ErrorObject[]): string {
  const depth = (error: ErrorObject) => error.instancePath.split("/").length;
  const union = errors.findLast((error) => error.keyword === "anyOf");
  const deepest = errors.toSorted((a, b) => depth(b) - depth(a))[0];
  const error = union && deepest && depth(union) >= depth(deepest) ? union : deepest;
  if (!error) return "the configuration does not fit its schema.";

  const at = error.instancePath.slice(1).split("/").map(unescapePointer).join(".");
  if (error.keyword === "required") {
    const missing = String(error.params["missingProperty"]);
    const properties: unknown = error.parentSchema?.["properties"];
    const wanted = expectedOf(isObject(properties) ? properties[missing] : undefined);
    return `the key "${at ? `${at}.` : ""}${missing}" is missing.${wanted === null ? "" : ` It must be ${wanted}.`}`;
  }
  const found = at.startsWith("env.") ? `a ${kindOf(error.data)}` : shorten(JSON.stringify(error.data));
  const wanted = expectedOf(error.parentSchema);
  const must = wanted === null ? `it ${error.message ?? "does not fit"}` : `it must be ${wanted}`;
  return at ? `"${at}" is ${found}, but ${must}.` : `the file holds ${found}, but ${must}.`;
}

function expectedOf(schema: unknown): string | null {
  const expected = isObject(schema) ? (schema as Partial<TSchema>)["expected"] : undefined;
  return typeof expected === "string" ? expected : null;
}

const kindOf = (value: unknown) => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);
const unescapePointer = (part: string) => part.replaceAll("~1", "/").replaceAll("~0", "~");
const shorten = (text: string | undefined) =>
  text && text.length > 60 ? `${text.slice(0, 57)}…` : (text ?? "nothing");
