import { unavailable } from "@graphfleet/domain";
import type { Kysely, Transaction } from "kysely";

import { isConflict } from "./pg-errors.js";
import type { Database } from "./schema.js";

const TRIES = 3;

/** Does the work in the transaction that is open, else in one of its own. */
export async function inTransaction<T>(db: Kysely<Database>, work: (tx: Kysely<Database>) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return retryingConflicts(() => db.transaction().execute((tx: Transaction<Database>) => work(tx)));
}

/**
 * Does the work again when Postgres chose it as the victim of a deadlock. Rows are locked in one order everywhere (thread,
 * then runs), so this is the second line of defence.
 */
export async function retryingConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (attempt === TRIES) throw unavailable("The database is too busy with this row.", error);
    }
  }
}
