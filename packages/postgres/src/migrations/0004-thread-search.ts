import type { Migration } from "./migration.js";

/**
 * Orders in which threads are searched. Every order of a search is one of these read forwards or backwards, so a page
 * costs a page, however many threads there are.
 */
export const threadSearch: Migration = {
  name: "0004-thread-search",
  sql: `
    CREATE INDEX threads_status ON threads (status, created_at, thread_id);
    CREATE INDEX threads_state_updated ON threads (state_updated_at NULLS FIRST, thread_id);
  `,
};
