import type {
  ClaimedDelivery,
  Delivery,
  DeliveryAttempt,
  DeliveryClaim,
  DeliveryCounts,
  DeliveryId,
  DeliveryOwner,
  DeliveryRepository,
  DeliveryStatus,
  EndedRun,
  Ring,
  RunId,
  Scope,
  ThreadId,
  Verdict,
} from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { jsonb, plainText } from "./json.js";
import { inScope, orTrue } from "./metadata-filter.js";
import type { Database } from "./schema.js";
import { ago, fromNow } from "./time.js";

/** Tries that the log keeps. */
const KEPT_ATTEMPTS = 20;
/** Who sees a delivery: who sees its thread, or, when that is gone, who saw it when the run ended. */
const OWNER = sql`coalesce(t.metadata, d.owner)`;
const COLUMNS = sql`d.delivery_id, d.run_id, d.thread_id, d.url, d.status, d.attempt, d.attempts, d.last_error,
  d.created_at, d.next_attempt_at, d.ended_at`;

interface DeliveryRow {
  readonly delivery_id: string;
  readonly run_id: string;
  readonly thread_id: string;
  readonly url: string;
  readonly status: DeliveryStatus;
  readonly attempt: number;
  readonly attempts: readonly DeliveryAttempt[];
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly next_attempt_at: Date;
  readonly ended_at: Date | null;
}

interface RungRow {
  readonly run_id: string;
  readonly thread_id: string;
  readonly fence: number;
}

interface ClaimedRow {
  readonly delivery_id: string;
  readonly run_id: string;
  readonly thread_id: string;
  readonly url: string;
  readonly attempt: number;
  readonly claims: number;
  readonly fence: number;
  readonly payload: EndedRun;
}

/**
 * Webhooks to be delivered; the trigger `runs_owe_webhook` writes them.
 *
 * A claim moves `next_attempt_at` to the end of its lease: one column says when a row is anybody's again, whether it
 * waits for another try or its worker died. The fence makes what a late worker says about it void.
 */
export class PostgresDeliveryRepository implements DeliveryRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async claim(
    which: { readonly runId: RunId } | { readonly dueSeconds: number },
    leaseSeconds: number,
  ): Promise<ClaimedDelivery | null> {
    const { rows } = await sql<ClaimedRow>`
      with due as (
        select w.delivery_id
        from webhook_deliveries w
        where w.status = 'pending'
          and ${
            "runId" in which
              ? sql`w.run_id = ${which.runId}::uuid and w.next_attempt_at <= statement_timestamp()`
              : sql`w.next_attempt_at <= ${ago(which.dueSeconds)}`
          }
        order by w.next_attempt_at
        limit 1
        for update skip locked
      )
      update webhook_deliveries d
      set claims = d.claims + 1, fence = d.fence + 1, next_attempt_at = ${fromNow(leaseSeconds)}
      from due
      where d.delivery_id = due.delivery_id
      returning d.delivery_id, d.run_id, d.thread_id, d.url, d.attempt, d.claims, d.fence, d.payload`.execute(this.#db);
    return rows[0] === undefined ? null : toClaimed(rows[0]);
  }

  async finish({ id, fence }: DeliveryClaim, attempt: DeliveryAttempt, verdict: Verdict): Promise<boolean> {
    const isOver = verdict.kind !== "retry";
    const { numAffectedRows } = await sql`
      update webhook_deliveries d
      set status = ${verdict.kind === "retry" ? "pending" : verdict.kind}::text,
          attempt = d.attempt + 1,
          attempts = case
            when jsonb_array_length(d.attempts) < ${sql.lit(KEPT_ATTEMPTS)} then d.attempts else d.attempts - 0
          end || ${jsonb([attempt])},
          last_error = ${verdict.reason === null ? null : plainText(verdict.reason)}::text,
          next_attempt_at = ${isOver ? sql`d.next_attempt_at` : fromNow(verdict.delayMs / 1000)},
          rung_at = ${isOver ? sql`d.rung_at` : fromNow(verdict.delayMs / 1000)},
          ended_at = ${isOver ? sql`clock_timestamp()` : sql`null`}
      where d.delivery_id = ${id}::uuid and d.fence = ${fence}::int and d.status = 'pending'`.execute(this.#db);
    return numAffectedRows === 1n;
  }

  async giveBack({ id, fence }: DeliveryClaim): Promise<void> {
    await sql`
      update webhook_deliveries d
      set claims = d.claims - 1, next_attempt_at = clock_timestamp(), rung_at = clock_timestamp()
      where d.delivery_id = ${id}::uuid and d.fence = ${fence}::int and d.status = 'pending'`.execute(this.#db);
  }

  async unheard(olderThanSeconds: number, limit: number): Promise<readonly Ring[]> {
    const { rows } = await sql<RungRow>`
      with unheard as (
        select w.delivery_id
        from webhook_deliveries w
        where w.status = 'pending'
          and w.next_attempt_at < ${ago(olderThanSeconds)}
          and w.rung_at < ${ago(olderThanSeconds)}
        order by w.next_attempt_at
        limit ${limit}
        for update skip locked
      )
      update webhook_deliveries d set rung_at = clock_timestamp() from unheard
      where d.delivery_id = unheard.delivery_id
      returning d.run_id, d.thread_id, d.fence`.execute(this.#db);
    return rows.map(toRing);
  }

  async list(owner: DeliveryOwner, scope: Scope): Promise<readonly Delivery[]> {
    const { rows } = await sql<DeliveryRow>`
      select ${COLUMNS}
      from webhook_deliveries d left join threads t on t.thread_id = d.thread_id
      where ${ofOwner(owner)} and ${orTrue(inScope(OWNER, scope))}
      order by d.created_at desc`.execute(this.#db);
    return rows.map(toDelivery);
  }

  async replay(
    id: DeliveryId,
    owner: DeliveryOwner,
    scope: Scope,
  ): Promise<{ delivery: Delivery; ring: Ring | null } | null> {
    const { rows: found } = await sql<DeliveryRow>`
      select ${COLUMNS}
      from webhook_deliveries d left join threads t on t.thread_id = d.thread_id
      where d.delivery_id = ${id}::uuid and ${ofOwner(owner)} and ${orTrue(inScope(OWNER, scope))}`.execute(this.#db);
    if (found[0] === undefined) return null;

    // Of many who ask at once, one makes it due again; the others find it pending.
    const { rows } = await sql<DeliveryRow & { readonly fence: number }>`
      update webhook_deliveries d
      set status = 'pending', attempt = 0, claims = 0, fence = d.fence + 1, last_error = null, ended_at = null,
          next_attempt_at = clock_timestamp(), rung_at = clock_timestamp()
      where d.delivery_id = ${id}::uuid and d.status <> 'pending'
      returning ${COLUMNS}, d.fence`.execute(this.#db);
    return rows[0] === undefined
      ? { delivery: toDelivery(found[0]), ring: null }
      : { delivery: toDelivery(rows[0]), ring: toRing(rows[0]) };
  }

  async sweepEnded(olderThanSeconds: number, limit: number): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from webhook_deliveries d
      where d.delivery_id = any(array(
        select w.delivery_id
        from webhook_deliveries w
        where w.ended_at < ${ago(olderThanSeconds)}
        order by w.ended_at
        limit ${limit}
        for update skip locked
      ))`.execute(this.#db);
    return Number(numAffectedRows ?? 0n);
  }

  async counts(): Promise<DeliveryCounts> {
    const { rows } = await sql<DeliveryCounts>`
      select
        count(*) as pending,
        greatest(0, coalesce(extract(epoch from statement_timestamp() - min(d.next_attempt_at)), 0))::float8
          as "oldestDueSeconds"
      from webhook_deliveries d
      where d.status = 'pending'`.execute(this.#db);
    return rows[0] ?? { pending: 0, oldestDueSeconds: 0 };
  }
}

const ofOwner = ({ runId, threadId }: DeliveryOwner) =>
  threadId === null
    ? sql`d.run_id = ${runId}::uuid`
    : sql`d.run_id = ${runId}::uuid and d.thread_id = ${threadId}::uuid`;

// The id columns hold nothing else, so the casts below only name what is known.

const toDelivery = (row: DeliveryRow): Delivery => ({
  id: row.delivery_id as DeliveryId,
  runId: row.run_id as RunId,
  threadId: row.thread_id as ThreadId,
  url: row.url,
  status: row.status,
  attempt: row.attempt,
  attempts: row.attempts,
  lastError: row.last_error,
  createdAt: row.created_at,
  nextAttemptAt: row.status === "pending" ? row.next_attempt_at : null,
  endedAt: row.ended_at,
});

const toClaimed = (row: ClaimedRow): ClaimedDelivery => ({
  id: row.delivery_id as DeliveryId,
  runId: row.run_id as RunId,
  threadId: row.thread_id as ThreadId,
  url: row.url,
  fence: row.fence,
  attempt: row.attempt + 1,
  claims: row.claims,
  ended: row.payload,
});

const toRing = (row: RungRow): Ring => ({
  runId: row.run_id as RunId,
  threadId: row.thread_id as ThreadId,
  fence: row.fence,
});
