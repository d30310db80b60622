import { isDeepStrictEqual } from "node:util";
import { invalidRequest } from "../errors.js";
import { type Json, type JsonObject, objectOrEmpty } from "../json.js";
import type { Encryption, ObjectCipher, SealedKind } from "./cipher.js";
import type { EncryptionContext } from "./handlers.js";
import { handledValue, isSealed, marked, objectsOf, openJson, renewJson, sealJson } from "./sealed-json.js";
import { isSystemKey } from "./system-keys.js";

/** Values of single keys of an object, sealed one by one: the others can still be searched, and merged in the database. */
export interface SealedKeys {
  seal(kind: SealedKind, object: JsonObject, field?: string): Promise<JsonObject>;
  open(kind: SealedKind, object: JsonObject): Promise<JsonObject>;
  /** As it should be stored today; the same object when that is how it is. */
  renew(kind: SealedKind, object: JsonObject, field?: string): Promise<JsonObject>;
  /** Which keys of an object would be sealed. */
  among(kind: SealedKind, object: JsonObject, field?: string): Promise<ReadonlySet<string>>;
  /** @throws DomainError `invalid_request` when the filter asks for a key that is sealed. */
  mustNotFilter(kind: SealedKind, filter: JsonObject | undefined, field?: string): Promise<void>;
}

/** The keys that the project's handlers change, else those that were named. Null is never sealed: merges need it, and it tells nothing. */
export function sealedKeys({ cipher, jsonKeys }: Encryption): SealedKeys {
  const { objects } = cipher;

  async function seal(kind: SealedKind, object: JsonObject, field = "metadata"): Promise<JsonObject> {
    if (!cipher.seals) return object;
    const changed = objects === null ? {} : await handled(objects, kind, object, field);
    for (const [key, value] of Object.entries(object)) {
      // What looks like ours and is not would not open.
      const isNamed = (objects === null && jsonKeys.has(key) && value !== null) || isSealed(value);
      if (isNamed && changed[key] === undefined) changed[key] = await sealJson(cipher, kind, value, field);
    }
    return { ...object, ...changed };
  }

  async function open(kind: SealedKind, object: JsonObject): Promise<JsonObject> {
    const opened: Record<string, Json> = {};
    for (const { context, keys, plain } of groupsOf(object)) {
      const { plain: found } = await objectsOf(cipher).open({ sealed: { ...plain, ...keys }, context });
      for (const key of Object.keys(keys)) opened[key] = found[key] ?? null;
    }
    for (const [key, value] of Object.entries(object)) {
      if (opened[key] === undefined && isSealed(value)) opened[key] = await openJson(cipher, kind, value);
    }
    return Object.keys(opened).length === 0 ? object : { ...object, ...opened };
  }

  async function renew(kind: SealedKind, object: JsonObject, field = "metadata"): Promise<JsonObject> {
    if (!cipher.seals) return open(kind, object);
    const changed: Record<string, Json> = {};
    for (const { context, keys, plain } of groupsOf(object)) {
      const { replacement } = await objectsOf(cipher).open({ sealed: { ...plain, ...keys }, context });
      if (replacement === null) continue;
      for (const key of Object.keys(keys)) changed[key] = marked({ value: replacement[key] ?? null, context });
    }
    const others = Object.entries(object).filter(([, value]) => handledValue(value) === null);
    if (objects !== null) {
      // Also what was sealed before there were handlers: whether it still is, they decide.
      const plain = await open(kind, Object.fromEntries(others));
      const sealed = await seal(kind, plain, field);
      return isDeepStrictEqual(sealed, Object.fromEntries(others)) && Object.keys(changed).length === 0
        ? object
        : { ...object, ...sealed, ...changed };
    }
    for (const [key, value] of others) {
      if (jsonKeys.has(key)) changed[key] = await renewJson(cipher, kind, value, field);
      else if (isSealed(value)) changed[key] = await unnamed(kind, value, field);
    }
    return Object.entries(changed).every(([key, value]) => value === object[key]) ? object : { ...object, ...changed };
  }

  /** What is sealed under a key that nobody names any more. */
  async function unnamed(kind: SealedKind, value: Json, field: string): Promise<Json> {
    const plain = await openJson(cipher, kind, value);
    return isSealed(plain) ? renewJson(cipher, kind, value, field) : plain;
  }

  async function among(kind: SealedKind, object: JsonObject, field = "metadata"): Promise<ReadonlySet<string>> {
    if (objects === null) return new Set(Object.keys(object).filter((key) => jsonKeys.has(key)));
    return new Set(Object.keys(await handled(objects, kind, object, field)));
  }

  return {
    seal,
    open,
    renew,
    among,
    async mustNotFilter(kind, filter = {}, field = "metadata") {
      const [key] = await among(kind, filter, field);
      if (key !== undefined) throw notFilterable(field === "value" ? key : `${field}.${key}`);
    },
  };
}

/** What handlers make of an object: the values that they change. */
async function handled(
  objects: ObjectCipher,
  kind: SealedKind,
  object: JsonObject,
  field: string,
): Promise<Record<string, Json>> {
  const asked = Object.entries(object).filter(([key, value]) => !isSystemKey(key) && value !== null);
  if (asked.length === 0) return {};
  const { sealed, context } = await objects.seal(kind, field, Object.fromEntries(asked));
  const changed: Record<string, Json> = {};
  for (const [key, value] of asked) {
    const after = sealed[key] ?? null;
    if (!isDeepStrictEqual(after, value)) changed[key] = marked({ value: after, context });
  }
  return changed;
}

/** Keys that were sealed together, and what lies beside them in plain. A merge may have brought several together. */
function groupsOf(object: JsonObject) {
  const groups = new Map<string, { context: EncryptionContext; keys: Record<string, Json> }>();
  const plain: Record<string, Json> = {};
  for (const [key, stored] of Object.entries(object)) {
    const found = handledValue(stored);
    if (found === null) {
      if (!isSystemKey(key) && !isSealed(stored)) plain[key] = stored;
      continue;
    }
    const name = JSON.stringify(found.context);
    const group = groups.get(name) ?? { context: found.context, keys: {} };
    group.keys[key] = found.value;
    groups.set(name, group);
  }
  return [...groups.values()].map((group) => ({ ...group, plain: objectOrEmpty(plain) }));
}

/** The answer to a filter on something that the database cannot read. */
export const notFilterable = (what: string) => invalidRequest(`Cannot filter by ${what}: it is encrypted`);
