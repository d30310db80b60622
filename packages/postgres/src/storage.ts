import type { Repositories, Storage } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { PostgresAssistantRepository } from "./assistant-repository.js";
import { PostgresCheckpointRepository } from "./checkpoint-repository.js";
import { PostgresCronRepository } from "./cron-repository.js";
import { PostgresItemRepository } from "./item-repository.js";
import type { NearItems } from "./near-items.js";
import { NearItemsExact } from "./near-items-exact.js";
import { PostgresRunRepository } from "./run-repository.js";
import type { Database } from "./schema.js";
import { PostgresThreadRepository } from "./thread-repository.js";
import { inTransaction } from "./transaction.js";

/**
 * The ledger as the domain knows it. `heartbeat` renews leases; see `PostgresRunRepository`. `nearItems` is how this
 * database compares vectors.
 */
export function makeStorage(
  db: Kysely<Database>,
  heartbeat: Kysely<Database>,
  nearItems: NearItems = new NearItemsExact(),
): Storage {
  return {
    ...makeRepositories(db, heartbeat, nearItems),
    transaction: (work) => inTransaction(db, (tx) => work(makeRepositories(tx, tx, nearItems))),
    async ping() {
      await sql`select 1`.execute(db);
    },
  };
}

const makeRepositories = (db: Kysely<Database>, heartbeat: Kysely<Database>, nearItems: NearItems): Repositories => ({
  assistants: new PostgresAssistantRepository(db),
  threads: new PostgresThreadRepository(db),
  runs: new PostgresRunRepository(db, heartbeat),
  checkpoints: new PostgresCheckpointRepository(db),
  items: new PostgresItemRepository(db, nearItems),
  crons: new PostgresCronRepository(db),
});
