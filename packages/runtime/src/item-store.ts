import {
  type FilterOperator,
  type Item as StoredItem,
  type ItemCondition,
  type ItemRepository,
  isObject,
  type Json,
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

export interface ItemStoreOptions {
  /** Life of an item in minutes; null = for ever. */
  readonly ttlMinutes: number | null;
  /** Reading an item starts its life again. */
  readonly refreshOnRead: boolean;
}

/**
 * Long-term memory as graphs see it, over the ledger's items. A graph is trusted with all of them: whose items it may
 * touch is its author's decision.
 *
 * Search goes by namespace and filter. A `query` is accepted and orders nothing, as in the official stores without an
 * index.
 */
export class ItemStore extends BaseStore {
  readonly #items: ItemRepository;
  readonly #options: ItemStoreOptions;

  constructor(items: ItemRepository, options: ItemStoreOptions) {
    super();
    this.#items = items;
    this.#options = options;
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

  async #put({ namespace, key, value }: PutOperation): Promise<void> {
    if (value === null) {
      await this.#items.delete(namespace, key, WHOLE_HOUSE);
      return;
    }
    const json = toStorableJson(value);
    await this.#items.put(
      { namespace, key, value: isObject(json) ? json : {}, ttlMinutes: this.#options.ttlMinutes },
      WHOLE_HOUSE,
    );
  }

  #read(operation: Exclude<Operation, PutOperation>): Promise<unknown> {
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("key" in operation) return this.#get(operation);
    return this.#namespaces(operation);
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const item = await this.#items.get(namespace, key, this.#readOptions, WHOLE_HOUSE);
    return item ? toItem(item) : null;
  }

  async #search({ namespacePrefix, filter, limit, offset }: SearchOperation): Promise<SearchItem[]> {
    const items = await this.#items.search(
      { prefix: namespacePrefix, conditions: toConditions(filter), limit: limit ?? 10, offset: offset ?? 0 },
      this.#readOptions,
      WHOLE_HOUSE,
    );
    return items.map(toItem);
  }

  async #namespaces({ matchConditions, maxDepth, limit, offset }: ListNamespacesOperation): Promise<string[][]> {
    const path = (type: "prefix" | "suffix") => matchConditions?.find((match) => match.matchType === type)?.path ?? [];
    const found = await this.#items.namespaces(
      { prefix: path("prefix"), suffix: path("suffix"), maxDepth: maxDepth ?? null, limit, offset },
      WHOLE_HOUSE,
    );
    return found.map((labels) => [...labels]);
  }

  get #readOptions() {
    return { refreshTtl: this.#options.refreshOnRead };
  }
}

const isPut = (operation: Operation): operation is PutOperation => "value" in operation;

function toItem(item: StoredItem): Item {
  return { ...item, namespace: [...item.namespace], value: { ...item.value } };
}

const OPERATORS: readonly FilterOperator[] = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"];

/** `{age: {$gt: 5}, name: "x"}`: operators where all keys of an object are operators, equality elsewhere. */
export function toConditions(filter: Readonly<Record<string, unknown>> | undefined): ItemCondition[] {
  return Object.entries(filter ?? {}).flatMap(([key, value]): ItemCondition[] => {
    const operators = isObject(value) ? Object.entries(value) : [];
    if (operators.length > 0 && operators.every(([name]) => name.startsWith("$"))) {
      return operators.map(([name, operand]) => ({ key, operator: toOperator(name), value: operand }));
    }
    return [{ key, operator: "$eq", value: toStorableJson(value) satisfies Json }];
  });
}

function toOperator(name: string): FilterOperator {
  const operator = OPERATORS.find((known) => known === name);
  if (!operator) throw new Error(`Unknown filter operator ${name}; known are ${OPERATORS.join(", ")}`);
  return operator;
}
