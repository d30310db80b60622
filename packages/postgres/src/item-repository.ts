import type {
  FoundItem,
  Item,
  ItemQuery,
  ItemRepository,
  NamespaceQuery,
  NearItemQuery,
  NewItem,
  ReadItemOptions,
  Scope,
  Vector,
} from "@graphfleet/domain";
import { type Kysely, type RawBuilder, sql } from "kysely";

import { countExpiredItems, removeExpiredItems } from "./expire-items.js";
import { endsWith, itemCondition, startsWith, underPrefix } from "./item-conditions.js";
import { jsonb, plainText } from "./json.js";
import { all, inScope, orTrue } from "./metadata-filter.js";
import type { ItemRow, NearItems } from "./near-items.js";
import type { Database } from "./schema.js";
import { inTransaction } from "./transaction.js";

/** What a scope is matched against: the value, and where it is kept. */
const documentOf = (table: "" | "store_items.") =>
  sql.raw(`(${table}value || jsonb_build_object('namespace', to_jsonb(${table}namespace), 'key', ${table}key))`);
const DOCUMENT = documentOf("");
/** The same of the row that is there already, where an insert meets one. */
const EXISTING = documentOf("store_items.");
const ALIVE = sql<boolean>`(expires_at is null or expires_at > statement_timestamp())`;

/**
 * Long-term memory. Times have the resolution of the wire, a millisecond: a second write of an item is later than the
 * first for everybody who compares them.
 */
export class PostgresItemRepository implements ItemRepository {
  readonly #db: Kysely<Database>;
  readonly #nearItems: NearItems;

  constructor(db: Kysely<Database>, nearItems: NearItems) {
    this.#db = db;
    this.#nearItems = nearItems;
  }

  get nearness() {
    return this.#nearItems.nearness;
  }

  /** Vectors carry the time of the write they belong to, so a write that knows no index makes older ones void. */
  async put(item: NewItem, scope: Scope): Promise<boolean> {
    const { vectors } = item;
    if (vectors === undefined) return await this.#write(this.#db, item, scope);
    return await inTransaction(this.#db, async (tx) => {
      const written = await this.#write(tx, item, scope);
      if (written) await replaceVectors(tx, item, vectors);
      return written;
    });
  }

  async #write(db: Kysely<Database>, { namespace, key, value, ttlMinutes }: NewItem, scope: Scope): Promise<boolean> {
    const { rows } = await sql`
      insert into store_items (namespace, key, value, created_at, updated_at, ttl_minutes, expires_at)
      values (
        ${namespace.map(plainText)}::text[],
        ${plainText(key)},
        ${jsonb(value)},
        date_trunc('milliseconds', clock_timestamp()),
        date_trunc('milliseconds', clock_timestamp()),
        ${ttlMinutes}::float8,
        ${expiry(sql`${ttlMinutes}::float8`)}
      )
      on conflict (namespace, key) do update set
        value = excluded.value,
        created_at = case when store_items.expires_at <= statement_timestamp()
          then excluded.created_at else store_items.created_at end,
        updated_at = greatest(
          date_trunc('milliseconds', clock_timestamp()),
          store_items.updated_at + interval '1 millisecond'
        ),
        ttl_minutes = excluded.ttl_minutes,
        expires_at = excluded.expires_at
      where store_items.expires_at <= statement_timestamp() or ${orTrue(inScope(EXISTING, scope))}
      returning 1 as written`.execute(db);
    return rows.length > 0;
  }

  async get(
    namespace: readonly string[],
    key: string,
    { refreshTtl }: ReadItemOptions,
    scope: Scope,
  ): Promise<Item | null> {
    const row = await this.#items(scope).where(at(namespace, key)).executeTakeFirst();
    if (row === undefined) return null;
    if (refreshTtl) await this.#refresh([row]);
    return toItem(row);
  }

  async delete(namespace: readonly string[], key: string, scope: Scope): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("store_items")
      .where(at(namespace, key))
      .where(orTrue(inScope(DOCUMENT, scope)))
      .executeTakeFirst();
    if (numDeletedRows > 0n) return true;

    const foreign = await this.#db
      .selectFrom("store_items")
      .select("key")
      .where(at(namespace, key))
      .where(ALIVE)
      .executeTakeFirst();
    return foreign === undefined;
  }

  async search(query: ItemQuery, { refreshTtl }: ReadItemOptions, scope: Scope): Promise<readonly Item[]> {
    const rows = await this.#items(scope)
      .where(matches(query))
      .orderBy("created_at", "desc")
      .orderBy("namespace")
      .orderBy("key")
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    if (refreshTtl) await this.#refresh(rows);
    return rows.map(toItem);
  }

  async searchNear(query: NearItemQuery, { refreshTtl }: ReadItemOptions, scope: Scope): Promise<readonly FoundItem[]> {
    const rows = await this.#nearItems.find(this.#db, {
      among: sql`(${ALIVE} and ${orTrue(inScope(DOCUMENT, scope))} and ${matches(query)})`,
      near: query.near,
      limit: query.limit,
      offset: query.offset,
    });
    if (refreshTtl) await this.#refresh(rows);
    return rows.map((row) => ({ ...toItem(row), score: row.score }));
  }

  async namespaces(query: NamespaceQuery, scope: Scope): Promise<readonly (readonly string[])[]> {
    const labels =
      query.maxDepth === null ? sql<string[]>`namespace` : sql<string[]>`namespace[1:${query.maxDepth}::int]`;
    const rows = await this.#db
      .selectFrom("store_items")
      .select(labels.as("labels"))
      .distinct()
      .where(ALIVE)
      .where(orTrue(all([...startsWith(query.prefix), ...endsWith(query.suffix), inScope(DOCUMENT, scope)])))
      .orderBy("labels")
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return rows.map((row) => row.labels);
  }

  async removeExpired(limit: number): Promise<number> {
    return removeExpiredItems(this.#db, limit);
  }

  async countExpired(upTo: number): Promise<number> {
    return countExpiredItems(this.#db, upTo);
  }

  #items(scope: Scope) {
    return this.#db
      .selectFrom("store_items")
      .select(["namespace", "key", "value", "created_at", "updated_at", "ttl_minutes"])
      .where(ALIVE)
      .where(orTrue(inScope(DOCUMENT, scope)));
  }

  /**
   * Starts the time to live of what was read again. Most items have none, and then this costs nothing. Readers wait for
   * nobody: an item that someone writes, removes or refreshes in this moment is left to them.
   */
  async #refresh(rows: readonly ItemRow[]): Promise<void> {
    const mortal = rows.filter((row) => row.ttl_minutes !== null);
    if (mortal.length === 0) return;
    const read = sql.join(
      mortal.map((row) => at(row.namespace, row.key)),
      sql` or `,
    );
    await sql`
      with read as (
        select namespace, key from store_items
        where ttl_minutes is not null and ${ALIVE} and (${read})
        for update skip locked
      )
      update store_items i set expires_at = ${expiry(sql.ref("i.ttl_minutes"))}
      from read
      where i.namespace = read.namespace and i.key = read.key`.execute(this.#db);
  }
}

/** Removes the vectors of the values before, and ties the new ones to this value. The row of the item is locked. */
async function replaceVectors(
  tx: Kysely<Database>,
  { namespace, key }: NewItem,
  vectors: readonly Vector[],
): Promise<void> {
  const embeddings = vectors.map((vector) => `{${vector.join(",")}}`);
  await sql`
    with gone as (delete from store_vectors where ${at(namespace, key)})
    insert into store_vectors (namespace, key, item_updated_at, embedding)
    select item.namespace, item.key, item.updated_at, given.embedding::real[]
    from store_items as item, unnest(${embeddings}::text[]) as given (embedding)
    where ${at(namespace, key)}`.execute(tx);
}

const matches = ({ prefix, conditions }: ItemQuery) =>
  orTrue(all([underPrefix(prefix), ...conditions.map(itemCondition)]));

const at = (namespace: readonly string[], key: string) =>
  sql<boolean>`(namespace = ${namespace.map(plainText)}::text[] and key = ${plainText(key)})`;

/** Null for null: such an item stays. */
const expiry = (minutes: RawBuilder<unknown>) => sql<Date>`clock_timestamp() + ${minutes} * interval '1 minute'`;

const toItem = (row: ItemRow): Item => ({
  namespace: row.namespace,
  key: row.key,
  value: row.value,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
