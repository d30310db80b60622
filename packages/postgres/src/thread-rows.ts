import type { Thread, ThreadId } from "@graphfleet/domain";
import { type Selectable, sql } from "kysely";

import type { Database } from "./schema.js";

export const THREAD_COLUMNS = [
  "thread_id",
  "status",
  "metadata",
  "config",
  "context",
  "values",
  "interrupts",
  "error",
  "created_at",
  "updated_at",
  "state_updated_at",
  "ttl_minutes",
  "ttl_strategy",
  "expires_at",
] as const;
export type ThreadColumn = (typeof THREAD_COLUMNS)[number];

/** The columns, for statements written by hand. */
export const THREAD_COLUMN_LIST = sql.join(THREAD_COLUMNS.map((column) => sql.ref(column)));

export type ThreadRow = Selectable<Pick<Database["threads"], ThreadColumn>>;

export const toThread = (row: ThreadRow): Thread => ({
  // The column holds nothing else.
  id: row.thread_id as ThreadId,
  status: row.status,
  metadata: row.metadata,
  config: row.config,
  context: row.context,
  values: row.values,
  interrupts: row.interrupts,
  error: row.error,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  stateUpdatedAt: row.state_updated_at,
  ttl: ttlOf(row),
});

/** Members whose column was not read are absent. */
export const toPartialThread = (row: Partial<ThreadRow>): Partial<Thread> =>
  Object.fromEntries(
    Object.entries({ ...toThread(row as ThreadRow), ttl: undefined }).filter(([, value]) => value !== undefined),
  );

function ttlOf({ ttl_minutes: minutes, ttl_strategy: strategy, expires_at: expiresAt }: ThreadRow): Thread["ttl"] {
  return minutes === null || strategy === null || expiresAt === null ? null : { minutes, strategy, expiresAt };
}
