import type {
  Json,
  JsonObject,
  LockedThread,
  NewThread,
  Page,
  Scope,
  Thread,
  ThreadField,
  ThreadFilter,
  ThreadId,
  ThreadQuery,
  ThreadRepository,
  ThreadSnapshot,
  ThreadStatus,
} from "@graphfleet/domain";
import { type Kysely, type OrderByItemBuilder, type Selectable, sql } from "kysely";

import { jsonb } from "./json.js";
import { all, contains, inScope, orTrue } from "./metadata-filter.js";
import { pageOf } from "./page.js";
import { removeThreads } from "./remove-threads.js";
import type { Database } from "./schema.js";
import { inTransaction } from "./transaction.js";

const COLUMNS = [
  "thread_id",
  "status",
  "metadata",
  "config",
  "values",
  "interrupts",
  "error",
  "created_at",
  "updated_at",
  "state_updated_at",
] as const;
type Column = (typeof COLUMNS)[number];

const METADATA = sql.ref("metadata");
const NOW = sql<Date>`clock_timestamp()`;

/** Threads, with a copy of their state's values so that lists need no checkpoints. Temporary ones are not on any list. */
export class PostgresThreadRepository implements ThreadRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async insert(thread: NewThread): Promise<Thread | null> {
    const row = await this.#db
      .insertInto("threads")
      .values({
        thread_id: thread.id,
        metadata: jsonb(thread.metadata),
        config: jsonb(thread.config ?? {}),
        temporary: thread.temporary ?? false,
      })
      .onConflict((conflict) => conflict.column("thread_id").doNothing())
      .returning(COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async get(id: ThreadId, scope: Scope): Promise<Thread | null> {
    const row = await this.#db
      .selectFrom("threads")
      .select(COLUMNS)
      .where("thread_id", "=", id)
      .where("temporary", "=", false)
      .where(orTrue(inScope(METADATA, scope)))
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async valuesOf(id: ThreadId): Promise<Json> {
    const row = await this.#db.selectFrom("threads").select("values").where("thread_id", "=", id).executeTakeFirst();
    return row?.values ?? null;
  }

  async lock(id: ThreadId, scope: Scope): Promise<LockedThread | null> {
    const row = await this.#db
      .selectFrom("threads")
      .select(["status", "metadata", "config", "stream_seq"])
      .where("thread_id", "=", id)
      .where(orTrue(inScope(METADATA, scope)))
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return null;
    return { id, status: row.status, metadata: row.metadata, config: row.config, streamSeq: row.stream_seq };
  }

  async search(query: ThreadQuery, scope: Scope): Promise<Page<Partial<Thread>>> {
    const { by, order } = query.sort;
    const rows = await this.#db
      .selectFrom("threads")
      .select(columnsFor(query.select))
      .where(matches(query, scope))
      // The other columns are never null, and without the clause an index can give the order in both directions.
      .orderBy(by, (sort) => (by === "state_updated_at" ? inOrder(sort, order).nullsLast() : inOrder(sort, order)))
      .$if(by !== "thread_id", (search) => search.orderBy("thread_id", order))
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return pageOf(rows.map(toPartialThread), query, () => this.count(query, scope));
  }

  async count(filter: ThreadFilter, scope: Scope): Promise<number> {
    const { total } = await this.#db
      .selectFrom("threads")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(matches(filter, scope))
      .executeTakeFirstOrThrow();
    return total;
  }

  async patch(id: ThreadId, patch: { readonly metadata: JsonObject }, scope: Scope): Promise<Thread | null> {
    const row = await this.#db
      .updateTable("threads")
      .set({ metadata: sql<JsonObject>`${METADATA} || ${jsonb(patch.metadata)}`, updated_at: NOW })
      .where("thread_id", "=", id)
      .where("temporary", "=", false)
      .where(orTrue(inScope(METADATA, scope)))
      .returning(COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async delete(id: ThreadId, scope: Scope): Promise<boolean> {
    return inTransaction(this.#db, async (tx) => {
      const locked = await new PostgresThreadRepository(tx).lock(id, scope);
      if (locked === null) return false;
      await removeThreads(tx, [id]);
      return true;
    });
  }

  async markBusy(
    id: ThreadId,
    takeOver: { readonly metadata: JsonObject; readonly config: JsonObject } | null,
  ): Promise<void> {
    await this.#db
      .updateTable("threads")
      .set({
        status: "busy",
        updated_at: NOW,
        ...(takeOver === null
          ? {}
          : {
              metadata: sql<JsonObject>`${METADATA} || ${jsonb(takeOver.metadata)}`,
              config: jsonb(takeOver.config),
            }),
      })
      .where("thread_id", "=", id)
      .execute();
  }

  async setStatus(id: ThreadId, status: ThreadStatus): Promise<void> {
    await this.#db.updateTable("threads").set({ status, updated_at: NOW }).where("thread_id", "=", id).execute();
  }

  async saveState(id: ThreadId, snapshot: ThreadSnapshot, status: ThreadStatus): Promise<void> {
    await this.#db
      .updateTable("threads")
      .set({
        status,
        values: jsonb(snapshot.values),
        interrupts: jsonb(snapshot.interrupts),
        error: null,
        updated_at: NOW,
        state_updated_at: NOW,
      })
      .where("thread_id", "=", id)
      .execute();
  }
}

/** The columns of what was asked for. Large ones stay on disk unless somebody wants them. */
function columnsFor(fields: readonly ThreadField[] | undefined): readonly Column[] {
  if (fields === undefined) return COLUMNS;
  const columns = COLUMNS.filter((column) => fields.includes(column));
  return columns.length > 0 ? columns : ["thread_id"];
}

const inOrder = (sort: OrderByItemBuilder, order: "asc" | "desc") => (order === "asc" ? sort.asc() : sort.desc());

const matches = (filter: ThreadFilter, scope: Scope) =>
  orTrue(
    all([
      sql<boolean>`not temporary`,
      inScope(METADATA, scope),
      contains(METADATA, filter.metadata),
      contains(sql.ref("values"), filter.values),
      filter.status === undefined ? null : sql<boolean>`status = ${filter.status}`,
      filter.ids === undefined ? null : sql<boolean>`thread_id = any(${filter.ids}::uuid[])`,
    ]),
  );

type ThreadRow = Selectable<Pick<Database["threads"], Column>>;

const toThread = (row: ThreadRow): Thread => ({
  // The column holds nothing else.
  id: row.thread_id as ThreadId,
  status: row.status,
  metadata: row.metadata,
  config: row.config,
  values: row.values,
  interrupts: row.interrupts,
  error: row.error,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  stateUpdatedAt: row.state_updated_at,
});

/** Members whose column was not read are absent. */
const toPartialThread = (row: Partial<ThreadRow>): Partial<Thread> =>
  Object.fromEntries(Object.entries(toThread(row as ThreadRow)).filter(([, value]) => value !== undefined));
