import type { Repositories, Storage, TtlWish } from "@graphfleet/domain";
import { type Kysely, sql } from "kysely";

import { PostgresAssistantRepository } from "./assistant-repository.js";
import { PostgresCheckpointRepository } from "./checkpoint-repository.js";
import { PostgresCronRepository } from "./cron-repository.js";
import { PostgresDeliveryRepository } from "./delivery-repository.js";
import { PostgresItemRepository } from "./item-repository.js";
import type { NearItems } from "./near-items.js";
import { NearItemsExact } from "./near-items-exact.js";
import { PostgresRunRepository } from "./run-repository.js";
import type { Database } from "./schema.js";
import { PostgresThreadRepository } from "./thread-repository.js";
import { inTransaction } from "./transaction.js";

/**
 * The ledger as the domain knows it. `heartbeat` renews leases; see `PostgresRunRepository`. `nearItems` is how this
 * database compares vectors; `threadTtl` is the lifetime of threads that are made without one.
 */
export function makeStorage(
  db: Kysely<Database>,
  heartbeat: Kysely<Database>,
  nearItems: NearItems = new NearItemsExact(),
  threadTtl?: TtlWish,
): Storage {
  return {
    ...makeRepositories(db, heartbeat, nearItems, threadTtl),
    transaction: (work) => inTransaction(db, (tx) => work(makeRepositories(tx, tx, nearItems, threadTtl))),
    async ping() {
      await sql`select 1`.execute(db);
    },
  };
}

const makeRepositories = (
  db: Kysely<Database>,
  heartbeat: Kysely<Database>,
  nearItems: NearItems,
  threadTtl: TtlWish | undefined,
): Repositories => ({
  assistants: new PostgresAssistantRepository(db),
  threads: new PostgresThreadRepository(db, threadTtl),
  runs: new PostgresRunRepository(db, heartbeat),
  checkpoints: new PostgresCheckpointRepository(db),
  items: new PostgresItemRepository(db, nearItems),
  crons: new PostgresCronRepository(db),
  deliveries: new PostgresDeliveryRepository(db),
});
