import type { Migration } from "./migration.js";

/**
 * Through which session a lease was renewed last: the process id of the server's end, and when that server started. Null
 * where a pooler stands in between. Not indexed, for heartbeats write them.
 */
export const leaseSessions: Migration = {
  name: "0010-lease-sessions",
  sql: `
    ALTER TABLE runs
      ADD COLUMN lease_backend integer,
      ADD COLUMN lease_server timestamptz;
  `,
};
