import type { Vector } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import type { ItemRow, NearItemRow, NearItems, NearItemsQuery } from "./near-items.js";
import type { Database } from "./schema.js";
import { cosineSimilarity, readFloats, VectorCache } from "./vector-cache.js";

const CACHE_BYTES = 64 * 1024 * 1024;
const VECTORS_PER_READ = 1000;

/** An item in question and one of its vectors. */
interface Candidate {
  readonly namespace: string[];
  readonly key: string;
  readonly seq: number | null;
}

interface Ranked {
  readonly namespace: string[];
  readonly key: string;
  score: number | null;
}

/**
 * Nearness without an extension: this process compares the wanted vector with every one in question. The vectors come
 * once, as the bytes of their floats, and are kept. Good for thousands of items; more want pgvector.
 */
export class NearItemsExact implements NearItems {
  readonly nearness = "exact";
  readonly #cache: VectorCache;

  constructor(cacheBytes = CACHE_BYTES) {
    this.#cache = new VectorCache(cacheBytes);
  }

  async find(db: Kysely<Database>, query: NearItemsQuery): Promise<readonly NearItemRow[]> {
    const { rows } = await sql<Candidate>`
      select item.namespace, item.key, v.seq
      from (select namespace, key, created_at, updated_at from store_items where ${query.among}) as item
      left join store_vectors as v
        on v.namespace = item.namespace and v.key = item.key and v.item_updated_at = item.updated_at
      order by item.created_at desc, item.namespace, item.key`.execute(db);
    const ranked = await this.#rank(db, rows, query.near);
    return await valuesOf(db, query, ranked.slice(query.offset, query.offset + query.limit));
  }

  /** The candidates come newest first, and sorting keeps that where scores are equal. */
  async #rank(db: Kysely<Database>, candidates: readonly Candidate[], near: Vector): Promise<readonly Ranked[]> {
    const scores = new Map<number, number>();
    const missing: number[] = [];
    const note = (seq: number, vector: Vector) => {
      if (vector.length === near.length) scores.set(seq, cosineSimilarity(vector, near));
    };
    for (const { seq } of candidates) {
      if (seq === null) continue;
      const known = this.#cache.get(seq);
      if (known === undefined) missing.push(seq);
      else note(seq, known);
    }
    for (let from = 0; from < missing.length; from += VECTORS_PER_READ) {
      for (const [seq, vector] of await read(db, missing.slice(from, from + VECTORS_PER_READ))) {
        this.#cache.add(seq, vector);
        note(seq, vector);
      }
    }

    const items = new Map<string, Ranked>();
    for (const { namespace, key, seq } of candidates) {
      const id = idOf(namespace, key);
      const item = items.get(id) ?? { namespace, key, score: null };
      items.set(id, item);
      const score = seq === null ? undefined : scores.get(seq);
      if (score !== undefined) item.score = Math.max(item.score ?? score, score);
    }
    // No similarity is below -1.
    return [...items.values()].toSorted((a, b) => (b.score ?? -2) - (a.score ?? -2));
  }
}

const idOf = (namespace: readonly string[], key: string) => JSON.stringify([namespace, key]);

async function read(db: Kysely<Database>, seqs: readonly number[]): Promise<readonly (readonly [number, Vector])[]> {
  const { rows } = await sql<{ seq: number; bytes: Buffer }>`
    select seq, array_send(embedding) as bytes from store_vectors where seq = any(${seqs}::bigint[])`.execute(db);
  return rows.map(({ seq, bytes }) => [seq, readFloats(bytes)] as const);
}

/** The rows of a page, in its order. What vanished since, or fits no more, is left out. */
async function valuesOf(
  db: Kysely<Database>,
  { among }: NearItemsQuery,
  page: readonly Ranked[],
): Promise<readonly NearItemRow[]> {
  if (page.length === 0) return [];
  const places = page.map(({ namespace, key }) => sql`(${namespace}::text[], ${key}::text)`);
  const { rows } = await sql<ItemRow>`
    select namespace, key, value, created_at, updated_at, ttl_minutes from store_items
    where (namespace, key) in (${sql.join(places)}) and ${among}`.execute(db);
  const found = new Map(rows.map((row) => [idOf(row.namespace, row.key), row]));
  return page.flatMap(({ namespace, key, score }) => {
    const row = found.get(idOf(namespace, key));
    return row === undefined ? [] : [{ ...row, score }];
  });
}
