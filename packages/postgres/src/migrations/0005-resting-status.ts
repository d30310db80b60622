import type { Migration } from "./migration.js";

/**
 * What a busy thread's status is once nothing is in flight any more: a run that is taken away before it ever started has
 * to leave the thread as it found it, and the checkpoints alone do not tell errors and cancels.
 */
export const restingStatus: Migration = {
  name: "0005-resting-status",
  sql: `
    ALTER TABLE threads ADD COLUMN resting_status text NOT NULL DEFAULT 'idle'
      CHECK (resting_status IN ('idle', 'interrupted', 'error'));
  `,
};
