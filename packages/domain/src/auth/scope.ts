import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../json.js";

/** One condition on a row. All conditions of a scope must hold. */
export type ScopeCondition = FieldCondition | Alternatives;

/** What one key of a row's metadata has to be. A row without the key does not match. */
export interface FieldCondition {
  readonly key: string;
  readonly operator: "eq" | "contains";
  readonly value: Json;
}

/** At least one of these scopes has to hold; of none, none does. */
export interface Alternatives {
  readonly anyOf: readonly Scope[];
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

/** What is inside of both. */
export const insideBoth = (one: Scope, other: Scope): Scope => ({
  conditions: [...one.conditions, ...other.conditions],
});

/** Whether a row with this metadata is inside the scope. For rows that the ledger gave without asking. */
export function isWithin({ conditions }: Scope, metadata: JsonObject): boolean {
  return conditions.every((condition) =>
    "anyOf" in condition
      ? condition.anyOf.some((scope) => isWithin(scope, metadata))
      : holds(condition, Object.hasOwn(metadata, condition.key) ? metadata[condition.key] : undefined),
  );
}

function holds({ operator, value }: FieldCondition, held: Json | undefined): boolean {
  if (operator === "eq") return isDeepStrictEqual(held, value);
  const wanted: readonly Json[] = Array.isArray(value) ? value : [value];
  return Array.isArray(held) && wanted.every((one) => held.some((item) => isDeepStrictEqual(item, one)));
}
