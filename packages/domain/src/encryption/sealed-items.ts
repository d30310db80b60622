import type { Scope } from "../auth/scope.js";
import type { Item, ItemQuery, ItemRepository } from "../store/item-repository.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "./overlay.js";
import { notFilterable, sealedKeys } from "./sealed-keys.js";

/**
 * Items in which the values of some keys are sealed. Vectors are made of the plain text before, so what is sealed is still
 * found by meaning, and a vector tells a little of it.
 */
export function sealedItems(items: ItemRepository, encryption: Encryption): ItemRepository {
  const keys = sealedKeys(encryption);
  const open = async <T extends Item>(item: T): Promise<T> => ({ ...item, value: await keys.open("item", item.value) });
  const check = ({ conditions }: ItemQuery, scope: Scope): void => {
    keys.mustNotScope(scope);
    for (const { key } of conditions) if (encryption.jsonKeys.has(key)) throw notFilterable(key);
  };

  return overlay(items, {
    async put(item, scope) {
      keys.mustNotScope(scope);
      return items.put({ ...item, value: await keys.seal("item", item.value) }, scope);
    },
    async get(namespace, key, options, scope) {
      keys.mustNotScope(scope);
      const item = await items.get(namespace, key, options, scope);
      return item && open(item);
    },
    async delete(namespace, key, scope) {
      keys.mustNotScope(scope);
      return items.delete(namespace, key, scope);
    },
    async search(query, options, scope) {
      check(query, scope);
      return Promise.all((await items.search(query, options, scope)).map(open));
    },
    async searchNear(query, options, scope) {
      check(query, scope);
      return Promise.all((await items.searchNear(query, options, scope)).map(open));
    },
    async namespaces(query, scope) {
      keys.mustNotScope(scope);
      return items.namespaces(query, scope);
    },
  });
}
