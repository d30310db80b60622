import type { Item, ItemQuery, ItemRepository } from "../store/item-repository.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "../overlay.js";
import { sealedKeys } from "./sealed-keys.js";

/**
 * Items in which the values of some keys are sealed. Vectors are made of the plain text before, so what is sealed is still
 * found by meaning, and a vector tells a little of it.
 */
export function sealedItems(items: ItemRepository, encryption: Encryption): ItemRepository {
  const keys = sealedKeys(encryption);
  const open = async <T extends Item>(item: T): Promise<T> => ({ ...item, value: await keys.open("item", item.value) });
  const check = async ({ conditions }: ItemQuery): Promise<void> => {
    // Null stands for a value that a condition compares with as well.
    const filter = Object.fromEntries(conditions.map(({ key, value }) => [key, value ?? ""]));
    await keys.mustNotFilter("item", filter, "value");
  };

  return overlay(items, {
    async put(item, scope) {
      return items.put({ ...item, value: await keys.seal("item", item.value, "value") }, scope);
    },
    async get(namespace, key, options, scope) {
      const item = await items.get(namespace, key, options, scope);
      return item && open(item);
    },
    async search(query, options, scope) {
      await check(query);
      return Promise.all((await items.search(query, options, scope)).map(open));
    },
    async searchNear(query, options, scope) {
      await check(query);
      return Promise.all((await items.searchNear(query, options, scope)).map(open));
    },
  });
}
