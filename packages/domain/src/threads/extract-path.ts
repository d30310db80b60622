import { invalidRequest } from "../errors.js";
import { THREAD_FIELDS, type ThreadExtract } from "./thread.js";

/** Member names between dots, each with indices behind it: `values.messages[-1].content`. */
const STEP = /^([^.[\]]*)((?:\[-?\d{1,9}\])*)$/;

/**
 * Reads a path into a thread.
 * @throws DomainError `invalid_request` for one that cannot be read, or that does not begin at a field of a thread.
 */
export function parseExtract(alias: string, text: string): ThreadExtract {
  const path: string[] = [];
  for (const step of text.split(".")) {
    const [, name = "", indices = ""] = STEP.exec(step) ?? [];
    if (name === "") throw invalidRequest(`extract.${alias} must be a path like values.messages[-1]`);
    path.push(name, ...Array.from(indices.matchAll(/-?\d+/g), ([index]) => index));
  }

  const [first, ...rest] = path;
  const field = THREAD_FIELDS.find((name) => name === first);
  if (field === undefined) throw invalidRequest(`extract.${alias} must begin with one of: ${THREAD_FIELDS.join(", ")}`);
  return { alias, field, path: rest };
}
