import type { Migration } from "./migration.js";

/**
 * Whether the worker that holds a run has lost another run meanwhile. Those of a dead worker may be taken away one after
 * the other, and the last one was not alone either.
 */
export const inCompany: Migration = {
  name: "0011-in-company",
  sql: `
    ALTER TABLE runs ADD COLUMN in_company boolean NOT NULL DEFAULT false;
  `,
};
