import type { Migration } from "./migration.js";

/**
 * Vacuum for tables that lose rows all the time. By default a table is vacuumed when a fifth of it is dead, which is days
 * late for a large one, and its oversized values (TOAST, where most bytes of checkpoints are) have thresholds of their own.
 * Takes a lock that neither readers nor writers notice.
 */
export const expiry: Migration = {
  name: "0006-expiry",
  sql: `
    ALTER TABLE threads SET (
      autovacuum_analyze_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
    ALTER TABLE runs SET (toast.autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE checkpoints SET (
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_vacuum_insert_scale_factor = 0.1,
      autovacuum_analyze_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
    ALTER TABLE checkpoint_blobs SET (
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_vacuum_insert_scale_factor = 0.1,
      autovacuum_analyze_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
    ALTER TABLE checkpoint_writes SET (
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_vacuum_insert_scale_factor = 0.1,
      autovacuum_analyze_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
    -- Reading an item with a lifetime writes its row.
    ALTER TABLE store_items SET (
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_analyze_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
    ALTER TABLE store_vectors SET (
      autovacuum_vacuum_scale_factor = 0.05,
      toast.autovacuum_vacuum_scale_factor = 0.05
    );
  `,
};
