import type { FoundItem, Item, SearchItemsRequest } from "@graphfleet/domain";
import { given } from "../http/given.js";
import type { ItemSearchWire } from "./store.schemas.js";

export const itemView = (item: Item) => ({
  namespace: item.namespace,
  key: item.key,
  value: item.value,
  created_at: item.createdAt.toISOString(),
  updated_at: item.updatedAt.toISOString(),
});

/** With a score where something was compared. */
export const foundItemView = (item: FoundItem) => ({ ...itemView(item), ...given({ score: item.score }) });

export const toSearchItems = (body: ItemSearchWire): SearchItemsRequest => ({
  prefix: body.namespace_prefix ?? [],
  filter: body.filter ?? {},
  limit: body.limit,
  offset: body.offset,
  ...given({ text: body.query }),
});
