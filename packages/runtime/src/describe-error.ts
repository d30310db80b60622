import type { GraphError } from "@graphfleet/domain";
import { stringify } from "./serialize.js";

/** What clients learn of something a graph threw: the name of its class and its message. */
export function describeError(error: unknown): GraphError {
  if (!(error instanceof Error) && !looksLikeError(error)) {
    return { error: "Error", message: typeof error === "string" ? error : stringify(error) };
  }
  return { error: className(error), message: error.message };
}

/** A class that forgot to set `name` still has one. */
function className(error: { readonly name: string }): string {
  return error.name === "Error" ? error.constructor.name || "Error" : error.name;
}

/** Errors of another realm or another copy of a library fail `instanceof`. */
function looksLikeError(error: unknown): error is Error {
  return (
    typeof error === "object" &&
    error !== null &&
    "name" in error &&
    "message" in error &&
    typeof error.name === "string" &&
    typeof error.message === "string"
  );
}
