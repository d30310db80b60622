import type { Scope } from "../auth/scope.js";
import { invalidRequest } from "../errors.js";
import type { JsonObject } from "../json.js";
import type { Encryption, SealedKind } from "./cipher.js";
import { openJson, sealJson } from "./sealed-json.js";

/** Values of single keys of an object, sealed one by one: the others can still be searched, and merged in the database. */
export interface SealedKeys {
  seal(kind: SealedKind, object: JsonObject): Promise<JsonObject>;
  open(kind: SealedKind, object: JsonObject): Promise<JsonObject>;
  /** @throws DomainError `invalid_request` when the filter asks for a key that is sealed. */
  mustNotFilter(what: string, filter: JsonObject | undefined): void;
  /** @throws DomainError `invalid_request` when authorization filters by a key that is sealed. */
  mustNotScope(scope: Scope): void;
}

/** For these keys. Without any nothing costs anything. */
export function sealedKeys({ cipher, jsonKeys }: Encryption): SealedKeys {
  const each = async (
    object: JsonObject,
    change: (value: NonNullable<JsonObject[string]>) => Promise<JsonObject[string]>,
  ): Promise<JsonObject> => {
    if (jsonKeys.size === 0) return object;
    const changed: Record<string, JsonObject[string]> = { ...object };
    for (const key of jsonKeys) {
      const value = Object.hasOwn(object, key) ? object[key] : undefined;
      // Null takes part in merges as it is, and tells nothing.
      if (value !== undefined && value !== null) changed[key] = await change(value);
    }
    return changed;
  };
  const mustNotScope = ({ conditions }: Scope): void => {
    if (jsonKeys.size === 0) return;
    for (const condition of conditions) {
      if ("anyOf" in condition) condition.anyOf.forEach(mustNotScope);
      else if (jsonKeys.has(condition.key)) throw notFilterable(`the authorization's ${condition.key}`);
    }
  };

  return {
    seal: (kind, object) => each(object, (value) => sealJson(cipher, kind, value)),
    open: (kind, object) => each(object, (value) => openJson(cipher, kind, value)),
    mustNotFilter(what, filter) {
      for (const key of Object.keys(filter ?? {})) {
        if (jsonKeys.has(key)) throw notFilterable(`${what}.${key}`);
      }
    },
    mustNotScope,
  };
}

/** The answer to a filter on something that the database cannot read. */
export const notFilterable = (what: string) => invalidRequest(`Cannot filter by ${what}: it is encrypted`);
