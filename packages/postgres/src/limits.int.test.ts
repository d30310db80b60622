import { randomIds, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { type Kysely, sql } from "kysely";

import { openPostgres, type PostgresLedger } from "./database.js";
import { inspectPostgres } from "./inspect.js";
import type { Database } from "./schema.js";

/*
 * How long a session may wait. On a direct connection the limits are set once; behind a pooler in transaction mode, where
 * these tests run as well (tests/pgbouncer), in each transaction, and must not stay on the server's connection.
 */

let ledger: TestLedger;
/** One that waits for nothing. */
let hasty: PostgresLedger;
beforeEach(async () => {
  ledger = await openLedger({ poolMax: 2 });
  const limits = { statementTimeoutMs: 2000, lockTimeoutMs: 20 };
  hasty = await openPostgres({ uri: ledger.uri, poolMax: 2, applicationName: "test", ...limits });
});
afterEach(async () => {
  await hasty.close();
  await ledger.close();
});

const LIMITS = sql<{ s: string; l: string; i: string }>`
  select current_setting('statement_timeout') as s, current_setting('lock_timeout') as l,
    current_setting('idle_in_transaction_session_timeout') as i`;
const limitsOf = async (db: Kysely<Database>) => (await LIMITS.execute(db)).rows;
const endless = (db: Kysely<Database>) => sql`select pg_sleep(600)`.execute(db);
const tooLong = { code: "unavailable", cause: { code: "57014" } };

test("are set for statements alone and in transactions, and for LangGraph's own", async () => {
  const usual = [{ s: "30s", l: "5s", i: "15s" }];
  const short = [{ s: "2s", l: "20ms", i: "15s" }];

  for (let n = 0; n < 5; n++) {
    expect(await limitsOf(hasty.db)).toEqual(short);
    expect(await hasty.db.transaction().execute(limitsOf)).toEqual(short);
    expect(await limitsOf(ledger.db)).toEqual(usual);
    expect(await ledger.db.transaction().execute(limitsOf)).toEqual(usual);
    const { rows } = await ledger.pool.query("select current_setting('statement_timeout') as s");
    expect(rows).toEqual([{ s: "30s" }]);
  }
});

test("a statement that takes too long is unavailable, alone and in a transaction", async () => {
  await expect(endless(hasty.db)).rejects.toMatchObject(tooLong);
  await expect(hasty.db.transaction().execute(endless)).rejects.toMatchObject(tooLong);
  await hasty.storage.ping();
});

test("a statement that waits too long for a lock is unavailable, and its transaction is undone", async () => {
  const { id } = await ledger.make.thread();
  await ledger.storage.transaction(async (tx) => {
    await tx.threads.lock(id, WHOLE_HOUSE);
    const second = hasty.storage.transaction(async (theirs) => {
      await theirs.threads.insert({ id: randomIds.thread(), metadata: {} });
      await theirs.threads.lock(id, WHOLE_HOUSE);
    });
    await expect(second).rejects.toMatchObject({ code: "unavailable", cause: { code: "55P03" } });
  });
  expect(await ledger.storage.threads.count({}, WHOLE_HOUSE)).toBe(1);
});

test("a pooler is noticed", async () => {
  expect((await inspectPostgres(ledger.uri)).isPooled).toBe(process.env.TEST_POOLER_URI !== undefined);
});
