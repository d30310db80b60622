import type { Json } from "../json.js";

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
