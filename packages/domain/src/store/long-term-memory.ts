import type { Scope } from "../auth/scope.js";
import { invalidRequest } from "../errors.js";
import type { JsonObject } from "../json.js";
import type { Embedder, Vector } from "./embedder.js";
import type { FoundItem, Item, ItemQuery, ItemRepository, NamespaceQuery } from "./item-repository.js";
import { mustBePlace } from "./namespace.js";
import { textsAt } from "./text-paths.js";

export interface LongTermMemoryDeps {
  readonly items: ItemRepository;
  /** Null for projects without an index: then a search by text orders nothing. */
  readonly embedder: Embedder | null;
  /** Life of an item whose write names none, in minutes; null = for ever. */
  readonly defaultTtlMinutes: number | null;
  /** Whether a read that does not say starts an item's life again. */
  readonly refreshOnRead: boolean;
}

export interface ItemToPut extends Pick<Item, "namespace" | "key" | "value"> {
  /** Undefined: the project's default. */
  readonly ttlMinutes?: number | undefined;
  /** What of the value is found by meaning: nothing, these paths, or, left out, the project's fields. */
  readonly index?: false | readonly string[] | undefined;
}

export interface ItemSearch extends ItemQuery {
  /** Orders by meaning where the project has an index. */
  readonly text?: string | undefined;
}

/** A value with more texts than this is a mistake, and would keep the embedder busy for minutes. */
const MOST_TEXTS = 1000;

/**
 * Long-term memory with the project's defaults and its index: the one way to items, for graphs and for the API.
 *
 * Vectors are made before anything is written. When that fails, the write fails, and what was there stays.
 */
export function makeLongTermMemory({ items, embedder, defaultTtlMinutes, refreshOnRead }: LongTermMemoryDeps) {
  const options = (refreshTtl: boolean | undefined) => ({ refreshTtl: refreshTtl ?? refreshOnRead });

  return {
    /**
     * @returns false when the item exists outside the scope; nothing is written then.
     * @throws DomainError `invalid_request` for a place that cannot be; `embedding_failed`.
     */
    async put({ namespace, key, value, ttlMinutes, index }: ItemToPut, scope: Scope): Promise<boolean> {
      mustBePlace(namespace, key);
      const item = { namespace, key, value, ttlMinutes: ttlMinutes ?? defaultTtlMinutes };
      if (embedder === null) return await items.put(item, scope);
      return await items.put({ ...item, vectors: await vectorsOf(embedder, value, index) }, scope);
    },

    async get(
      namespace: readonly string[],
      key: string,
      refreshTtl: boolean | undefined,
      scope: Scope,
    ): Promise<Item | null> {
      return await items.get(namespace, key, options(refreshTtl), scope);
    },

    /** @returns false when the item exists outside the scope. Deleting nothing is fine. */
    async delete(namespace: readonly string[], key: string, scope: Scope): Promise<boolean> {
      return await items.delete(namespace, key, scope);
    },

    /**
     * Nearest first when there is a text and an index, else newest first.
     * @throws DomainError `embedding_failed`.
     */
    async search(
      { text, ...query }: ItemSearch,
      refreshTtl: boolean | undefined,
      scope: Scope,
    ): Promise<readonly FoundItem[]> {
      if (embedder === null || text === undefined || text.trim() === "")
        return await items.search(query, options(refreshTtl), scope);
      const near = await embedder.embedQuery(text);
      return await items.searchNear({ ...query, near }, options(refreshTtl), scope);
    },

    /** Sorted. */
    async namespaces(query: NamespaceQuery, scope: Scope): Promise<readonly (readonly string[])[]> {
      return await items.namespaces(query, scope);
    },
  };
}

export type LongTermMemory = ReturnType<typeof makeLongTermMemory>;

async function vectorsOf(embedder: Embedder, value: JsonObject, index: ItemToPut["index"]): Promise<readonly Vector[]> {
  if (index === false) return [];
  const texts = [...new Set((index ?? embedder.fields).flatMap((path) => textsAt(value, path)))];
  if (texts.length > MOST_TEXTS)
    throw invalidRequest(`index finds ${texts.length} texts in this value; ${MOST_TEXTS} are the most`);
  return texts.length === 0 ? [] : await embedder.embedDocuments(texts);
}
