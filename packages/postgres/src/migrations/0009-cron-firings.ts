import type { Migration } from "./migration.js";

/** Firings are forgotten by their age; see the scheduler's sweep `cron_log`. */
export const cronFirings: Migration = {
  name: "0009-cron-firings",
  sql: `
    CREATE INDEX cron_firings_fired ON cron_firings (fired_at);
    ALTER TABLE cron_firings SET (autovacuum_vacuum_scale_factor = 0.05);
  `,
};
