import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../json.js";

/** One condition on a row's metadata. All conditions of a scope must hold. */
export interface ScopeCondition {
  readonly key: string;
  readonly operator: "eq" | "contains";
  readonly value: Json;
}

/**
 * What a caller may see. Every read and write of a user's rows takes one, so forgetting it does not compile.
 * A row outside the scope does not exist for the caller.
 */
export interface Scope {
  readonly conditions: readonly ScopeCondition[];
}

/** Sees everything. For the machinery (worker, sweeps) and for servers without authorization. */
export const WHOLE_HOUSE: Scope = { conditions: [] };

/** Whether a row with this metadata is inside the scope. For rows that the ledger gave without asking. */
export function isWithin({ conditions }: Scope, metadata: JsonObject): boolean {
  return conditions.every(({ key, operator, value }) => {
    const held = metadata[key];
    if (operator === "eq") return isDeepStrictEqual(held, value);
    const wanted: readonly Json[] = Array.isArray(value) ? value : [value];
    return Array.isArray(held) && wanted.every((one) => held.some((item) => isDeepStrictEqual(item, one)));
  });
}
