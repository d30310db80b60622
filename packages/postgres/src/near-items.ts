import type { Item, Vector } from "@graphfleet/domain";
import type { Kysely, RawBuilder, SqlBool } from "kysely";

import type { Database } from "./schema.js";

/** An item as its columns come. */
export interface ItemRow extends Pick<Item, "namespace" | "key" | "value"> {
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly ttl_minutes: number | null;
}

export interface NearItemRow extends ItemRow {
  /** Cosine similarity of the item's nearest vector; null when it has none of this length. */
  readonly score: number | null;
}

export interface NearItemsQuery {
  /** Which items count, in terms of the columns of `store_items`. */
  readonly among: RawBuilder<SqlBool>;
  readonly near: Vector;
  readonly limit: number;
  readonly offset: number;
}

/**
 * The items nearest to a vector, then those without vectors; newest first where that says nothing. A vector counts only
 * while it belongs to the item's present value.
 */
export interface NearItems {
  readonly nearness: "pgvector" | "exact";
  find(db: Kysely<Database>, query: NearItemsQuery): Promise<readonly NearItemRow[]>;
}
