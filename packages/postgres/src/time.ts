import { type RawBuilder, sql } from "kysely";

// Database time: processes may disagree about what time it is, the ledger may not. Two clocks, neither of which stands
// still within a transaction: `clock_timestamp()` is what is written, so that a wait for a lock does not make things older
// than they are; `statement_timestamp()` is what rows are compared with, because an index can be searched by it.

/** This many seconds from now. */
export const fromNow = (seconds: number): RawBuilder<Date> =>
  sql`clock_timestamp() + make_interval(secs => ${seconds}::float8)`;

/** For rows of threads: when a thread with a lifetime expires if it is not used again. */
export const refreshedExpiry: RawBuilder<Date | null> = sql`clock_timestamp() + make_interval(secs => ttl_minutes * 60)`;

/** This many seconds ago. */
export const ago = (seconds: number): RawBuilder<Date> =>
  sql`statement_timestamp() - make_interval(secs => ${seconds}::float8)`;
