import { isDeepStrictEqual } from "node:util";
import type { RenewRows, StoredTable } from "@graphfleet/domain";
import type pg from "pg";

import { jsonbText } from "./json.js";

/** A row with the columns of its key, those that may change, and who wrote it last. */
type Row = Readonly<Record<string, unknown>>;

interface Table {
  readonly name: StoredTable;
  /** Columns and types of the primary key. */
  readonly key: Readonly<Record<string, string>>;
  /** What they hold: jsonb, json, or something else that is passed as it is. */
  readonly columns: Readonly<Record<string, "json" | "jsonb" | "plain">>;
  /** Which rows are ours to touch. */
  readonly only?: string;
}

const OF_USERS = "metadata ->> 'created_by' is distinct from 'system'";
/** The tables may be shared with programs that use LangGraph's own saver. */
const OF_OUR_THREADS = "exists (select from threads t where t.thread_id::text = x.thread_id)";
const CHECKPOINT = { thread_id: "text", checkpoint_ns: "text" };
const BLOB = { type: "plain", blob: "plain" } as const;

// What is copied into another table comes before its copies, so that none is missed: of a run, and its delivery.
const TABLES: readonly Table[] = [
  {
    name: "threads",
    key: { thread_id: "uuid" },
    columns: {
      metadata: "jsonb",
      config: "jsonb",
      context: "jsonb",
      values: "jsonb",
      interrupts: "jsonb",
      error: "jsonb",
    },
  },
  {
    name: "runs",
    key: { run_id: "uuid" },
    columns: { metadata: "jsonb", spec: "json", auth: "json", error: "jsonb" },
  },
  { name: "crons", key: { cron_id: "uuid" }, columns: { metadata: "jsonb", payload: "json", auth: "json" } },
  { name: "webhook_deliveries", key: { delivery_id: "uuid" }, columns: { owner: "jsonb", payload: "json" } },
  {
    name: "assistants",
    key: { assistant_id: "uuid" },
    columns: { metadata: "jsonb", context: "jsonb" },
    only: OF_USERS,
  },
  {
    name: "assistant_versions",
    key: { assistant_id: "uuid", version: "int" },
    columns: { metadata: "jsonb", context: "jsonb" },
    only: OF_USERS,
  },
  { name: "store_items", key: { namespace: "text[]", key: "text" }, columns: { value: "jsonb" } },
  {
    name: "checkpoints",
    key: { ...CHECKPOINT, checkpoint_id: "text" },
    columns: { metadata: "jsonb" },
    only: OF_OUR_THREADS,
  },
  {
    name: "checkpoint_blobs",
    key: { ...CHECKPOINT, channel: "text", version: "text" },
    columns: BLOB,
    only: OF_OUR_THREADS,
  },
  {
    name: "checkpoint_writes",
    key: { ...CHECKPOINT, checkpoint_id: "text", task_id: "text", idx: "int" },
    columns: BLOB,
    only: OF_OUR_THREADS,
  },
];

/** How far a walk has come. */
export interface Renewed {
  readonly table: StoredTable;
  /** Rows of this table that were looked at, and those of them that were written. */
  readonly seen: number;
  readonly written: number;
  /** Where to go on: `from` of another walk. Null at the end of the last table. */
  readonly next: string | null;
}

export interface RenewOptions {
  readonly pool: pg.Pool;
  readonly renew: RenewRows;
  /** Rows that are read at once. */
  readonly batch: number;
  /** `next` of a walk that stopped. */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Walks over all rows that hold something sealed, in the order of their keys, and writes those that should be sealed in
 * another way. Each is written alone, and only if nobody wrote it since it was read; else it is read again. Tells after
 * each batch how far it is. What is written behind its back has the current key already.
 *
 * @throws Error naming the row that could not be read; Error when `from` is no place
 */
export async function* renewTables({ pool, renew, batch, from, signal }: RenewOptions): AsyncGenerator<Renewed> {
  const start = from === undefined ? null : placeOf(from);
  const isStopped = (): boolean => signal?.aborted === true;
  for (const [index, table] of TABLES.entries()) {
    if (start !== null && index < start.index) continue;
    let after = start !== null && index === start.index ? start.after : null;
    let [seen, written] = [0, 0];
    let isLast = false;
    while (!isLast && !isStopped()) {
      const rows = await page(pool, table, after, batch);
      for (const row of rows) if (await renewed(pool, table, renew, row)) written += 1;
      seen += rows.length;
      isLast = rows.length < batch;
      const last = rows.at(-1);
      if (last !== undefined) after = Object.keys(table.key).map((column) => last[column]);
      const following = TABLES[index + 1];
      const next = isLast ? following && placeText(following.name, null) : placeText(table.name, after);
      yield { table: table.name, seen, written, next: next ?? null };
    }
  }
}

async function page(pool: pg.Pool, table: Table, after: readonly unknown[] | null, batch: number): Promise<Row[]> {
  const columns = Object.keys(table.key).map(quoted).join(", ");
  const places = Object.values(table.key).map((type, index) => `$${index + 2}::${type}`);
  const conditions = [
    ...(after === null ? [] : [`(${columns}) > (${places.join(", ")})`]),
    ...(table.only === undefined ? [] : [table.only]),
  ];
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  const text = `select ${selected(table)} from ${table.name} x ${where} order by ${columns} limit $1`;
  const { rows } = await pool.query<Row>(text, [batch, ...(after ?? [])]);
  return rows;
}

/** @returns whether something had to be written. */
async function renewed(pool: pg.Pool, table: Table, renew: RenewRows, found: Row): Promise<boolean> {
  const key = Object.keys(table.key);
  const values = key.map((column) => found[column]);
  const mine = Object.entries(table.key).map(([column, type], index) => `${quoted(column)} = $${index + 1}::${type}`);
  const again = `select ${selected(table)} from ${table.name} x where ${mine.join(" and ")}`;
  for (let row: Row | undefined = found; row !== undefined; [row] = (await pool.query<Row>(again, values)).rows) {
    const changes = await changesOf(table, renew, row);
    if (changes.length === 0) return false;
    const set = changes.map(([column], index) => `${quoted(column)} = $${index + key.length + 2}`).join(", ");
    const text = `update ${table.name} set ${set} where ${mine.join(" and ")} and xmin::text = $${key.length + 1}`;
    const { rowCount } = await pool.query(text, [...values, row["xmin"], ...changes.map(([, value]) => value)]);
    if (rowCount === 1) return true;
  }
  return false;
}

async function changesOf(table: Table, renew: RenewRows, row: Row): Promise<(readonly [string, unknown])[]> {
  // The columns that were selected are those of the table.
  const after: Row = await (renew[table.name] as (row: Row) => Promise<object>)(row)
    .then((columns) => columns as Row)
    .catch((error: unknown) => {
      const place = Object.keys(table.key).map((column) => String(row[column]));
      throw new Error(`${table.name} ${place.join(" ")}: ${(error as Error).message}`, { cause: error });
    });
  return Object.entries(table.columns).flatMap(([column, type]) => {
    const value = after[column];
    if (value === row[column] || isDeepStrictEqual(value, row[column])) return [];
    return [[column, type === "plain" ? value : type === "jsonb" ? jsonbText(value) : JSON.stringify(value)]];
  });
}

const quoted = (column: string): string => `"${column}"`;

const selected = ({ key, columns }: Table): string =>
  ["x.xmin::text as xmin", ...[...Object.keys(key), ...Object.keys(columns)].map(quoted)].join(", ");

const placeText = (table: StoredTable, after: readonly unknown[] | null): string =>
  Buffer.from(JSON.stringify([table, after])).toString("base64url");

function placeOf(text: string): { index: number; after: readonly unknown[] | null } {
  try {
    const [name, after] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as [string, unknown[] | null];
    const index = TABLES.findIndex((table) => table.name === name);
    const keys = Object.keys(TABLES[index]?.key ?? {}).length;
    if (index !== -1 && (after === null || after.length === keys)) return { index, after };
  } catch {
    // Told below.
  }
  throw new Error("This is no place where a walk stopped");
}
