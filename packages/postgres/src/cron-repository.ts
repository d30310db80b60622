import type {
  Cron,
  CronChanges,
  CronFilter,
  CronId,
  CronQuery,
  CronRepository,
  DueCron,
  DueCrons,
  Firing,
  NewCron,
  Page,
  Scope,
} from "@graphfleet/domain";
import { type Kysely, type Selectable, sql } from "kysely";

import { json, jsonb, plainText } from "./json.js";
import { all, contains, inScope, orTrue } from "./metadata-filter.js";
import { pageOf } from "./page.js";
import type { Database } from "./schema.js";
import { ago } from "./time.js";

const COLUMNS = [
  "cron_id",
  "assistant_id",
  "thread_id",
  "on_run_completed",
  "schedule",
  "timezone",
  "end_time",
  "enabled",
  "next_run_at",
  "user_id",
  "payload",
  "metadata",
  "created_at",
  "updated_at",
] as const;

const METADATA = sql.ref("metadata");
/** Moments are whole milliseconds here; somebody may have written another one by hand. */
const SLOT = sql`date_trunc('milliseconds', crons.next_run_at)`;

/** Crons and their firings. Who a cron's runs are for is read only by the one who fires it. */
export class PostgresCronRepository implements CronRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async insert(cron: NewCron): Promise<Cron> {
    const row = await this.#db
      .insertInto("crons")
      .values({
        cron_id: cron.id,
        assistant_id: cron.assistantId,
        thread_id: cron.threadId,
        on_run_completed: cron.onRunCompleted,
        schedule: cron.schedule,
        timezone: cron.timezone,
        end_time: cron.endTime,
        enabled: cron.enabled,
        next_run_at: cron.nextRunAt,
        user_id: cron.userId === null ? null : plainText(cron.userId),
        payload: json(cron.template),
        auth: json(cron.owner),
        metadata: jsonb(cron.metadata),
      })
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
    return toCron(row);
  }

  async get(id: CronId, scope: Scope): Promise<Cron | null> {
    const row = await this.#one(id, scope).executeTakeFirst();
    return row === undefined ? null : toCron(row);
  }

  async lock(id: CronId, scope: Scope): Promise<Cron | null> {
    const row = await this.#one(id, scope).forUpdate().executeTakeFirst();
    return row === undefined ? null : toCron(row);
  }

  async search(query: CronQuery, scope: Scope): Promise<Page<Cron>> {
    const { by, order } = query.sort;
    const column = by === "next_run_date" ? "next_run_at" : by;
    const rows = await this.#db
      .selectFrom("crons")
      .select(COLUMNS)
      .where(matches(query, scope))
      .orderBy(column, (sort) => (order === "asc" ? sort.asc() : sort.desc()).nullsLast())
      .$if(column !== "cron_id", (search) => search.orderBy("cron_id", order))
      .limit(query.limit)
      .offset(query.offset)
      .execute();
    return pageOf(rows.map(toCron), query, () => this.count(query, scope));
  }

  async count(filter: CronFilter, scope: Scope): Promise<number> {
    const { total } = await this.#db
      .selectFrom("crons")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(matches(filter, scope))
      .executeTakeFirstOrThrow();
    return total;
  }

  async update(id: CronId, changes: CronChanges): Promise<Cron> {
    const { schedule, timezone, endTime, enabled, onRunCompleted, nextRunAt, template, metadata } = changes;
    const row = await this.#db
      .updateTable("crons")
      .set({
        updated_at: sql<Date>`clock_timestamp()`,
        ...(schedule === undefined ? {} : { schedule }),
        ...(timezone === undefined ? {} : { timezone }),
        ...(endTime === undefined ? {} : { end_time: endTime }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(onRunCompleted === undefined ? {} : { on_run_completed: onRunCompleted }),
        ...(nextRunAt === undefined ? {} : { next_run_at: nextRunAt }),
        ...(template === undefined ? {} : { payload: json(template) }),
        ...(metadata === undefined ? {} : { metadata: jsonb(metadata) }),
      })
      .where("cron_id", "=", id)
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
    return toCron(row);
  }

  async delete(id: CronId, scope: Scope): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("crons")
      .where("cron_id", "=", id)
      .where(orTrue(visible(scope)))
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async now(): Promise<Date> {
    const { now } = await this.#db.selectNoFrom(sql<Date>`statement_timestamp()`.as("now")).executeTakeFirstOrThrow();
    return now;
  }

  async claimDue({ threads, limit, except }: DueCrons): Promise<readonly DueCron[]> {
    const rows = await this.#db
      .selectFrom("crons")
      .select([
        ...COLUMNS,
        "auth",
        sql<Date>`statement_timestamp()`.as("now"),
        sql<boolean>`exists (
          select from cron_firings f where f.cron_id = crons.cron_id and f.scheduled_for = ${SLOT}
        )`.as("taken"),
      ])
      // Literal, so that the planner sees that the partial index serves it.
      .where(sql<boolean>`enabled and next_run_at <= statement_timestamp()`)
      .where(threads === "own" ? sql<boolean>`thread_id is null` : sql<boolean>`thread_id is not null`)
      .where(sql<boolean>`cron_id <> all(${[...except]}::uuid[])`)
      .orderBy("next_run_at")
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    const free = await this.#lockThreads(rows.flatMap(({ thread_id }) => (thread_id === null ? [] : [thread_id])));
    return rows.flatMap((row) =>
      row.next_run_at === null
        ? []
        : [
            {
              cron: toCron(row),
              owner: row.auth,
              slot: row.next_run_at,
              now: row.now,
              threadIsFree: row.thread_id === null || free.has(row.thread_id),
              isTaken: row.taken,
            },
          ],
    );
  }

  async recordFirings(firings: readonly Firing[]): Promise<ReadonlySet<CronId>> {
    if (firings.length === 0) return new Set();
    const { rows } = await sql<{ cron_id: string }>`/* record_firings */
      with moments as (
        select crons.cron_id, m.slot, m.run_id, m.next
        from unnest(
          ${firings.map(({ cronId }) => cronId)}::uuid[],
          ${firings.map(({ slot }) => slot)}::timestamptz[],
          ${firings.map(({ runId }) => runId)}::uuid[],
          ${firings.map(({ next }) => next)}::timestamptz[]
        ) as m (cron_id, slot, run_id, next)
        join crons on crons.cron_id = m.cron_id and ${SLOT} = m.slot
        for update of crons
      ),
      taken as (
        insert into cron_firings (cron_id, scheduled_for, run_id)
        select cron_id, slot, run_id from moments
        on conflict do nothing
        returning cron_id
      ),
      moved as (
        update crons set next_run_at = moments.next from moments where crons.cron_id = moments.cron_id
      )
      select cron_id from taken`.execute(this.#db);
    return new Set(rows.map(({ cron_id }) => cron_id as CronId));
  }

  async sweepFirings(olderThanSeconds: number, limit: number): Promise<number> {
    // Moments come in order and each is planned after the one before, so one that lies behind can never be asked for again.
    const { numAffectedRows = 0n } = await sql`
      delete from cron_firings d
      using (
        select f.cron_id, f.scheduled_for
        from cron_firings f
        where f.fired_at < ${ago(olderThanSeconds)}
        order by f.fired_at
        limit ${limit}
        for update skip locked
      ) as old
      where d.cron_id = old.cron_id and d.scheduled_for = old.scheduled_for`.execute(this.#db);
    return Number(numAffectedRows);
  }

  #one(id: CronId, scope: Scope) {
    return this.#db
      .selectFrom("crons")
      .select(COLUMNS)
      .where("cron_id", "=", id)
      .where(orTrue(visible(scope)));
  }

  /** Threads are locked before all else; here the crons came first. Not waiting keeps that from becoming a deadlock. */
  async #lockThreads(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db
      .selectFrom("threads")
      .select("thread_id")
      .where("thread_id", "in", ids)
      .orderBy("thread_id")
      .forUpdate()
      .skipLocked()
      .execute();
    return new Set(rows.map(({ thread_id }) => thread_id));
  }
}

/** A cron on a thread is seen by who sees both. */
function visible(scope: Scope) {
  const ofThread = inScope(sql.ref("t.metadata"), scope);
  if (ofThread === null) return null;
  return all([
    inScope(METADATA, scope),
    sql<boolean>`(crons.thread_id is null or exists (
      select from threads t where t.thread_id = crons.thread_id and ${ofThread}
    ))`,
  ]);
}

const matches = (filter: CronFilter, scope: Scope) =>
  orTrue(
    all([
      visible(scope),
      contains(METADATA, filter.metadata),
      filter.assistantId === undefined ? null : sql<boolean>`assistant_id = ${filter.assistantId}`,
      filter.threadId === undefined ? null : sql<boolean>`thread_id = ${filter.threadId}`,
      filter.enabled === undefined ? null : sql<boolean>`enabled = ${filter.enabled}`,
    ]),
  );

type CronRow = Selectable<Pick<Database["crons"], (typeof COLUMNS)[number]>>;

const toCron = (row: CronRow): Cron => ({
  // The columns hold nothing else.
  id: row.cron_id as Cron["id"],
  assistantId: row.assistant_id as Cron["assistantId"],
  threadId: row.thread_id as Cron["threadId"],
  onRunCompleted: row.on_run_completed,
  schedule: row.schedule,
  timezone: row.timezone,
  endTime: row.end_time,
  enabled: row.enabled,
  nextRunAt: row.next_run_at,
  userId: row.user_id,
  template: row.payload,
  metadata: row.metadata,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
