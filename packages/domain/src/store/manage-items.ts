import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { isWithin, WHOLE_HOUSE } from "../auth/scope.js";
import { forbidden, invalidRequest, itemNotFound } from "../errors.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import type { PageRequest } from "../page.js";
import { toConditions } from "./item-filter.js";
import type { FoundItem, Item, NamespaceQuery } from "./item-repository.js";
import type { ItemToPut, LongTermMemory } from "./long-term-memory.js";
import { mustBeLabels, mustBePlace } from "./namespace.js";

export interface ManageItemsDeps {
  readonly memory: LongTermMemory;
  readonly authorizer: Authorizer;
}

export interface ItemPlace {
  readonly namespace: readonly string[];
  readonly key: string;
}

export interface SearchItemsRequest extends PageRequest {
  readonly prefix: readonly string[];
  readonly filter: JsonObject;
  readonly text?: string;
}

/**
 * Long-term memory for callers from outside. An authorizer may send a request elsewhere: it may rewrite namespace and key,
 * and what it wrote is what counts. Hence both are checked before and after.
 */
export function makeManageItems({ memory, authorizer }: ManageItemsDeps) {
  return {
    /** @throws DomainError `item_not_found` over a foreign item; `forbidden` when the item would be one. */
    async putItem(item: ItemToPut, caller: Caller): Promise<void> {
      mustBePlace(item.namespace, item.key);
      const asked = { namespace: item.namespace, key: item.key, value: item.value };
      const { scope, value: allowed } = await authorizer.authorize(caller, "store:put", asked);
      const put = { ...item, ...placeOf(allowed), value: valueOf(allowed.value) };
      if (!isWithin(scope, { ...put.value, namespace: put.namespace, key: put.key })) throw forbidden("Not authorized");
      if (!(await memory.put(put, scope))) throw itemNotFound();
    },

    /** Null for what does not exist. @throws DomainError `item_not_found` for a foreign item, as when deleting one. */
    async getItem(place: ItemPlace, refreshTtl: boolean | undefined, caller: Caller): Promise<Item | null> {
      mustBeLabels(place.namespace);
      const { scope, value } = await authorizer.authorize(caller, "store:get", { ...place });
      const { namespace, key } = placeOf(value);
      const item = await memory.get(namespace, key, refreshTtl, scope);
      if (item === null && scope.conditions.length > 0 && (await exists(namespace, key))) throw itemNotFound();
      return item;
    },

    /** Deleting nothing is fine. @throws DomainError `item_not_found` for a foreign item. */
    async deleteItem(place: ItemPlace, caller: Caller): Promise<void> {
      mustBeLabels(place.namespace);
      const { scope, value } = await authorizer.authorize(caller, "store:delete", { ...place });
      const { namespace, key } = placeOf(value);
      if (!(await memory.delete(namespace, key, scope))) throw itemNotFound();
    },

    async searchItems(
      { prefix, filter, text, limit, offset }: SearchItemsRequest,
      refreshTtl: boolean | undefined,
      caller: Caller,
    ): Promise<readonly FoundItem[]> {
      mustBeLabels(prefix);
      const asked = { namespace: prefix, filter, limit, offset, query: text ?? null };
      const { scope, value } = await authorizer.authorize(caller, "store:search", asked);
      const conditions = toConditions(isObject(value.filter) ? value.filter : {});
      return await memory.search(
        { prefix: labelsOf(value.namespace), conditions, text: textOf(value.query), limit, offset },
        refreshTtl,
        scope,
      );
    },

    async listNamespaces(query: NamespaceQuery, caller: Caller): Promise<readonly (readonly string[])[]> {
      mustBeLabels(query.prefix);
      mustBeLabels(query.suffix);
      const { limit, offset } = query;
      const { scope, value } = await authorizer.authorize(caller, "store:list_namespaces", {
        namespace: query.prefix,
        suffix: query.suffix,
        max_depth: query.maxDepth,
        limit,
        offset,
      });
      return await memory.namespaces(
        { ...query, prefix: labelsOf(value.namespace), suffix: labelsOf(value.suffix) },
        scope,
      );
    },
  };

  /** Whoever it belongs to. Looking does not lengthen its life. */
  async function exists(namespace: readonly string[], key: string): Promise<boolean> {
    return (await memory.get(namespace, key, false, WHOLE_HOUSE)) !== null;
  }
}

export type ManageItems = ReturnType<typeof makeManageItems>;

// What handlers leave behind is theirs, whatever the types say.

function placeOf({ namespace, key }: { readonly namespace: Json; readonly key: Json }): ItemPlace {
  if (typeof key !== "string") throw invalidRequest("key must be a string");
  return { namespace: labelsOf(namespace), key };
}

/** Null and undefined are how a handler says "none". */
function labelsOf(labels: Json | undefined): readonly string[] {
  if (labels === null || labels === undefined) return [];
  const list: readonly unknown[] = Array.isArray(labels) ? labels : [labels];
  mustBeLabels(list);
  return list.map(String);
}

const textOf = (query: Json): string | undefined => (typeof query === "string" ? query : undefined);

function valueOf(value: Json): JsonObject {
  if (!isObject(value)) throw invalidRequest("value must be an object");
  return value;
}
