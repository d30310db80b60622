import {
  type FoundItem,
  isObject,
  type Item as StoredItem,
  type JsonObject,
  type LongTermMemory,
  toConditions,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import {
  BaseStore,
  type GetOperation,
  type Item,
  type ListNamespacesOperation,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { toStorableJson } from "./serialize.js";

/**
 * Long-term memory as graphs see it. A graph is trusted with all of it: whose items it may touch is its author's decision.
 *
 * A `query` orders by meaning where the project has an index, and orders nothing elsewhere, as in the official stores.
 */
export class ItemStore extends BaseStore {
  readonly #memory: LongTermMemory;

  constructor(memory: LongTermMemory) {
    super();
    this.#memory = memory;
  }

  /** Operations take effect in their order; neighbouring reads go together. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results: unknown[] = [];
    let reads: Promise<unknown>[] = [];
    for (const operation of operations) {
      if (isPut(operation)) {
        results.push(...(await Promise.all(reads)), await this.#put(operation));
        reads = [];
      } else {
        reads.push(this.#read(operation));
      }
    }
    results.push(...(await Promise.all(reads)));
    // One result per operation, in order; the library's mapped type cannot follow the loop.
    return results as OperationResults<Op>;
  }

  async #put({ namespace, key, value, index }: PutOperation): Promise<void> {
    if (value === null) {
      await this.#memory.delete(namespace, key, WHOLE_HOUSE);
      return;
    }
    const json = toStorableJson(value);
    await this.#memory.put({ namespace, key, value: isObject(json) ? json : {}, index }, WHOLE_HOUSE);
  }

  #read(operation: Exclude<Operation, PutOperation>): Promise<unknown> {
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("key" in operation) return this.#get(operation);
    return this.#namespaces(operation);
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const item = await this.#memory.get(namespace, key, undefined, WHOLE_HOUSE);
    return item ? toItem(item) : null;
  }

  async #search({ namespacePrefix, filter, query, limit, offset }: SearchOperation): Promise<SearchItem[]> {
    const items = await this.#memory.search(
      {
        prefix: namespacePrefix,
        conditions: toConditions(toFilter(filter)),
        text: query,
        limit: limit ?? 10,
        offset: offset ?? 0,
      },
      undefined,
      WHOLE_HOUSE,
    );
    return items.map(toFound);
  }

  async #namespaces({ matchConditions, maxDepth, limit, offset }: ListNamespacesOperation): Promise<string[][]> {
    const path = (type: "prefix" | "suffix") => matchConditions?.find((match) => match.matchType === type)?.path ?? [];
    const found = await this.#memory.namespaces(
      { prefix: path("prefix"), suffix: path("suffix"), maxDepth: maxDepth ?? null, limit, offset },
      WHOLE_HOUSE,
    );
    return found.map((labels) => [...labels]);
  }
}

const isPut = (operation: Operation): operation is PutOperation => "value" in operation;

function toItem(item: StoredItem): Item {
  return { ...item, namespace: [...item.namespace], value: { ...item.value } };
}

/** The library knows no null score: an item that was not compared has none. */
function toFound({ score, ...item }: FoundItem): SearchItem {
  return { ...toItem(item), ...(typeof score === "number" ? { score } : {}) };
}

/** Value by value: what is undefined must become null, which matches little, and not vanish, which matches all. */
function toFilter(filter: Readonly<Record<string, unknown>> | undefined): JsonObject {
  return Object.fromEntries(Object.entries(filter ?? {}).map(([key, value]) => [key, toStorableJson(value)]));
}
