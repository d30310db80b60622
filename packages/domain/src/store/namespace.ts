import { invalidRequest, malformedRequest } from "../errors.js";

/** Namespace and key are one entry of an index, and Postgres bounds those. Labels cost their length and a little more. */
const MOST_BYTES = 2048;
const BYTES_PER_LABEL = 8;
/** Kept free for the library's own things. */
const RESERVED_ROOT = "langgraph";

/** @throws DomainError `invalid_request` unless these are labels: texts that are not empty and have no period. */
export function mustBeLabels(labels: readonly unknown[]): void {
  const isLabel = (label: unknown) => typeof label === "string" && plain(label) !== "" && !label.includes(".");
  if (!labels.every(isLabel))
    throw invalidRequest(`Namespace labels cannot be empty or contain periods. Received: ${labels.join(".")}`);
}

/** @throws DomainError unless an item may be put here. */
export function mustBePlace(namespace: readonly string[], key: string): void {
  if (namespace.length === 0) throw malformedRequest("Namespace is required");
  mustBeLabels(namespace);
  if (namespace[0] === RESERVED_ROOT)
    throw invalidRequest(`Root label for namespace cannot be "${RESERVED_ROOT}". Received: ${namespace.join(".")}`);

  const bytes = namespace.reduce((sum, label) => sum + Buffer.byteLength(label) + BYTES_PER_LABEL, 0);
  if (bytes + Buffer.byteLength(key) > MOST_BYTES)
    throw invalidRequest(`namespace and key are too long: together they may have ${MOST_BYTES} bytes`);
}

/** NUL vanishes when it is stored. */
const plain = (label: string) => label.replaceAll("\0", "");
