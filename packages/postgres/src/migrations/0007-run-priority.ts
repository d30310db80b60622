import type { Migration } from "./migration.js";

/** Who goes first when more runs wait than workers have room for. Lower is sooner; runs that somebody asked for are 0. */
export const runPriority: Migration = {
  name: "0007-run-priority",
  sql: `
    ALTER TABLE runs ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority >= 0);
  `,
};
