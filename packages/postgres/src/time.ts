import { type RawBuilder, sql } from "kysely";

// Database time: processes may disagree about what time it is, the ledger may not. `clock_timestamp()` moves on within a
// transaction, so a wait for a lock does not make things older than they are.

/** This many seconds from now. */
export const fromNow = (seconds: number): RawBuilder<Date> =>
  sql`clock_timestamp() + make_interval(secs => ${seconds}::float8)`;

/** This many seconds ago. */
export const ago = (seconds: number): RawBuilder<Date> =>
  sql`clock_timestamp() - make_interval(secs => ${seconds}::float8)`;
