import type { Scope } from "../auth/scope.js";
import type { Json, JsonObject } from "../json.js";
import type { PageRequest } from "../page.js";
import type { Vector } from "./embedder.js";

/** A remembered thing: a JSON object under a key, in a namespace of labels. */
export interface Item {
  readonly namespace: readonly string[];
  readonly key: string;
  readonly value: JsonObject;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An item that a search found. */
export interface FoundItem extends Item {
  /** Cosine similarity to what was searched for; null for an item without vectors. Left out when nothing was compared. */
  readonly score?: number | null;
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

export interface NearItemQuery extends ItemQuery {
  readonly near: Vector;
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
  /** Who compares vectors: the database, or this process. Both give the same answer. */
  readonly nearness: "pgvector" | "exact";
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
  /** Nearest first, by the item's nearest vector; items without vectors last, newest first. */
  searchNear(query: NearItemQuery, options: ReadItemOptions, scope: Scope): Promise<readonly FoundItem[]>;
  /** Sorted. */
  namespaces(query: NamespaceQuery, scope: Scope): Promise<readonly (readonly string[])[]>;
  /** Removes items whose time is over; nobody sees them any more. @returns how many. */
  removeExpired(limit: number): Promise<number>;
  /** How many items wait for that; of more than `upTo` it says that there are more. */
  countExpired(upTo: number): Promise<number>;
}

export interface NewItem extends Pick<Item, "namespace" | "key" | "value"> {
  readonly ttlMinutes: number | null;
  /** What the value means; replaces what was there. Left out by projects without an index. */
  readonly vectors?: readonly Vector[];
}

export interface ReadItemOptions {
  /** Reading starts the item's time to live again. */
  readonly refreshTtl: boolean;
}
