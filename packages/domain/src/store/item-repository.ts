import type { Scope } from "../auth/scope.js";
import type { Json, JsonObject } from "../json.js";
import type { PageRequest } from "../page.js";

/** A remembered thing: a JSON object under a key, in a namespace of labels. */
export interface Item {
  readonly namespace: readonly string[];
  readonly key: string;
  readonly value: JsonObject;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type FilterOperator = "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" | "$in" | "$nin";

/** Conditions on top-level keys of an item's value, all of which must hold. */
export interface ItemCondition {
  readonly key: string;
  readonly operator: FilterOperator;
  readonly value: Json;
}

export interface ItemQuery extends PageRequest {
  readonly prefix: readonly string[];
  readonly conditions: readonly ItemCondition[];
}

export interface NamespaceQuery extends PageRequest {
  /** `*` stands for any one label. */
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  /** Longer namespaces are cut to this many labels, then counted once. */
  readonly maxDepth: number | null;
}

/**
 * Long-term memory, shared by graphs and the API. Expired items do not exist. A scope is matched against the item's
 * value with `namespace` and `key` added.
 */
export interface ItemRepository {
  /**
   * `ttlMinutes` null = never expires. Keeps `createdAt` of an existing item; `updatedAt` strictly grows.
   * @returns false when the item exists outside the scope; nothing is written then.
   */
  put(item: NewItem, scope: Scope): Promise<boolean>;
  get(namespace: readonly string[], key: string, options: ReadItemOptions, scope: Scope): Promise<Item | null>;
  /** @returns false when the item exists outside the scope. Deleting nothing is fine. */
  delete(namespace: readonly string[], key: string, scope: Scope): Promise<boolean>;
  /** Newest first. */
  search(query: ItemQuery, options: ReadItemOptions, scope: Scope): Promise<readonly Item[]>;
  /** Sorted. */
  namespaces(query: NamespaceQuery, scope: Scope): Promise<readonly (readonly string[])[]>;
}

export interface NewItem extends Pick<Item, "namespace" | "key" | "value"> {
  readonly ttlMinutes: number | null;
}

export interface ReadItemOptions {
  /** Reading starts the item's time to live again. */
  readonly refreshTtl: boolean;
}
