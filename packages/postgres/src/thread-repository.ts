import type {
  ExpiredBatch,
  ExpiryBounds,
  FoundThread,
  Json,
  JsonObject,
  LockedThread,
  NewBusyThread,
  NewThread,
  Page,
  Scope,
  Thread,
  ThreadFilter,
  ThreadId,
  ThreadPatch,
  ThreadQuery,
  ThreadRepository,
  ThreadSnapshot,
  ThreadStatus,
  ThreadTakeOver,
  TtlWish,
} from "@graphfleet/domain";
import { type Kysely, type Selectable, sql } from "kysely";

import { copyThread } from "./copy-thread.js";
import { countExpiredThreads, expireThreads } from "./expire-threads.js";
import { jsonb, jsonbText } from "./json.js";
import { inScope, orTrue } from "./metadata-filter.js";
import { removeThreads } from "./remove-threads.js";
import type { Database } from "./schema.js";
import { THREAD_COLUMNS, toThread } from "./thread-rows.js";
import { matchingThreads, searchThreads } from "./search-threads.js";
import { inTransaction } from "./transaction.js";
import { fromNow, refreshedExpiry } from "./time.js";

type RestingStatus = Exclude<ThreadStatus, "busy">;

const METADATA = sql.ref("metadata");
const NOW = sql<Date>`clock_timestamp()`;

/** Threads, with a copy of their state's values so that lists need no checkpoints. Temporary ones are not on any list. */
export class PostgresThreadRepository implements ThreadRepository {
  readonly #db: Kysely<Database>;
  readonly #defaultTtl: TtlWish | undefined;

  /** `defaultTtl` is for threads that are made without a lifetime. */
  constructor(db: Kysely<Database>, defaultTtl?: TtlWish) {
    this.#db = db;
    this.#defaultTtl = defaultTtl;
  }

  async insert(thread: NewThread): Promise<Thread | null> {
    const row = await this.#db
      .insertInto("threads")
      .values({
        thread_id: thread.id,
        metadata: jsonb(thread.metadata),
        config: jsonb(thread.config ?? {}),
        temporary: thread.temporary ?? false,
        // A temporary thread goes with its run.
        ...ttlColumns(thread.ttl ?? (thread.temporary === true ? undefined : this.#defaultTtl)),
      })
      .onConflict((conflict) => conflict.column("thread_id").doNothing())
      .returning(THREAD_COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async insertBusy(threads: readonly NewBusyThread[]): Promise<void> {
    const { minutes = null, strategy = null } = this.#defaultTtl ?? {};
    await sql`/* insert_busy_threads */
      insert into threads
        (thread_id, status, metadata, config, context, temporary, ttl_minutes, ttl_strategy, expires_at)
      select n.thread_id, 'busy', n.metadata, n.config, n.context, n.temporary, ttl.minutes, ttl.strategy,
        clock_timestamp() + make_interval(secs => ttl.minutes * 60)
      from unnest(
        ${threads.map(({ id }) => id)}::uuid[],
        ${threads.map(({ metadata, takeOver }) => jsonbText({ ...metadata, ...takeOver.metadata }))}::jsonb[],
        ${threads.map(({ takeOver }) => jsonbText(takeOver.config))}::jsonb[],
        ${threads.map(({ takeOver }) => jsonbText(takeOver.context))}::jsonb[],
        ${threads.map(({ temporary = false }) => temporary)}::boolean[]
      ) as n (thread_id, metadata, config, context, temporary)
      left join (select ${minutes}::float8, ${strategy}::text) as ttl (minutes, strategy)
        on not n.temporary`.execute(this.#db);
  }

  async get(id: ThreadId, scope: Scope): Promise<Thread | null> {
    const row = await this.#db
      .selectFrom("threads")
      .select(THREAD_COLUMNS)
      .where("thread_id", "=", id)
      .where("temporary", "=", false)
      .where(orTrue(inScope(METADATA, scope)))
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async peek(id: ThreadId, scope: Scope): Promise<LockedThread | null> {
    const row = await this.#db
      .selectFrom("threads")
      .select(LOCKED_COLUMNS)
      .where("thread_id", "=", id)
      .where("temporary", "=", false)
      .where(orTrue(inScope(METADATA, scope)))
      .executeTakeFirst();
    return row === undefined ? null : toLocked(id, row);
  }

  async valuesOf(id: ThreadId): Promise<Json> {
    const row = await this.#db.selectFrom("threads").select("values").where("thread_id", "=", id).executeTakeFirst();
    return row?.values ?? null;
  }

  async lock(id: ThreadId, scope: Scope): Promise<LockedThread | null> {
    const row = await this.#db
      .selectFrom("threads")
      .select(LOCKED_COLUMNS)
      .where("thread_id", "=", id)
      .where(orTrue(inScope(METADATA, scope)))
      .forUpdate()
      .executeTakeFirst();
    return row === undefined ? null : toLocked(id, row);
  }

  async search(query: ThreadQuery, scope: Scope): Promise<Page<FoundThread>> {
    return searchThreads(this.#db, query, scope);
  }

  async count(filter: ThreadFilter, scope: Scope): Promise<number> {
    const { total } = await this.#db
      .selectFrom("threads")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(matchingThreads(filter, scope))
      .executeTakeFirstOrThrow();
    return total;
  }

  async patch(id: ThreadId, patch: ThreadPatch, scope: Scope): Promise<Thread | null> {
    const row = await this.#db
      .updateTable("threads")
      .set({
        metadata: sql<JsonObject>`${METADATA} || ${jsonb(patch.metadata)}`,
        updated_at: NOW,
        ...ttlColumns(patch.ttl),
      })
      .where("thread_id", "=", id)
      .where("temporary", "=", false)
      .where(orTrue(inScope(METADATA, scope)))
      .returning(THREAD_COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : toThread(row);
  }

  async copy(from: ThreadId, to: Pick<NewThread, "id" | "metadata">, scope: Scope): Promise<Thread | null> {
    return copyThread(this.#db, from, { ...to, ttl: this.#defaultTtl }, scope);
  }

  async delete(id: ThreadId, scope: Scope): Promise<boolean> {
    return inTransaction(this.#db, async (tx) => {
      const locked = await new PostgresThreadRepository(tx).lock(id, scope);
      if (locked === null) return false;
      await removeThreads(tx, [id]);
      return true;
    });
  }

  async markBusy(id: ThreadId, takeOver: ThreadTakeOver | null): Promise<void> {
    await this.#db
      .updateTable("threads")
      .set({
        status: "busy",
        resting_status: sql<RestingStatus>`case when status = 'busy' then resting_status else status end`,
        updated_at: NOW,
        expires_at: refreshedExpiry,
        ...(takeOver === null
          ? {}
          : {
              metadata: sql<JsonObject>`${METADATA} || ${jsonb(takeOver.metadata)}`,
              config: jsonb(takeOver.config),
              context: jsonb(takeOver.context),
            }),
      })
      .where("thread_id", "=", id)
      .execute();
  }

  async rest(id: ThreadId): Promise<void> {
    await this.#db
      .updateTable("threads")
      .set({ status: sql<ThreadStatus>`resting_status`, updated_at: NOW })
      .where("thread_id", "=", id)
      .execute();
  }

  async saveState(id: ThreadId, snapshot: ThreadSnapshot, status: ThreadStatus): Promise<number> {
    const { stream_seq } = await this.#db
      .updateTable("threads")
      .set({
        status,
        values: jsonb(snapshot.values),
        interrupts: jsonb(snapshot.interrupts),
        error: null,
        updated_at: NOW,
        state_updated_at: NOW,
        expires_at: refreshedExpiry,
        stream_seq: sql<number>`stream_seq + 1`,
      })
      .where("thread_id", "=", id)
      .returning("stream_seq")
      .executeTakeFirstOrThrow();
    return stream_seq;
  }

  async expire(bounds: ExpiryBounds): Promise<ExpiredBatch> {
    return expireThreads(this.#db, bounds);
  }

  async countExpired(upTo: number): Promise<number> {
    return countExpiredThreads(this.#db, upTo);
  }
}

const LOCKED_COLUMNS = ["status", "metadata", "config", "stream_seq"] as const;

const toLocked = (
  id: ThreadId,
  row: Selectable<Pick<Database["threads"], (typeof LOCKED_COLUMNS)[number]>>,
): LockedThread => ({
  id,
  status: row.status,
  metadata: row.metadata,
  config: row.config,
  streamSeq: row.stream_seq,
});

/** A lifetime that begins now; nothing when none was given. */
const ttlColumns = (ttl: TtlWish | undefined) =>
  ttl === undefined
    ? {}
    : { ttl_minutes: ttl.minutes, ttl_strategy: ttl.strategy, expires_at: fromNow(ttl.minutes * 60) };
