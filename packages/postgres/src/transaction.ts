import { setTimeout as sleep } from "node:timers/promises";

import { unavailable } from "@graphfleet/domain";
import type { Kysely, Transaction } from "kysely";

import { isConflict } from "./pg-errors.js";
import type { Database } from "./schema.js";

const TRIES = 3;
/** Before it is tried again the other side gets time to finish: the victim could overtake it, and both would meet again. */
const PAUSE_MS = 30;

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
      await sleep(attempt * PAUSE_MS * (1 + Math.random()));
    }
  }
}
