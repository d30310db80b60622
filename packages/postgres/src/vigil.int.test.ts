import { type FaultProxy, type TestLedger, openFaultProxy, openLedger } from "@graphfleet/testkit";
import { sql } from "kysely";

import { type PostgresLedger, openPostgres } from "./database.js";

/*
 * Every timeout of these ledgers is longer than a test may take: what fails here fails because somebody looked.
 */

const NEVER_MS = 600_000;

let ledger: TestLedger;
let proxy: FaultProxy;
let other: PostgresLedger;
beforeEach(async () => {
  ledger = await openLedger({ poolMax: 2 });
  proxy = await openFaultProxy(ledger.uri);
  other = await openPostgres({
    uri: proxy.uri,
    poolMax: 3,
    failFast: true,
    statementTimeoutMs: NEVER_MS,
    connectionTimeoutMs: NEVER_MS,
    applicationName: "test",
  });
});
afterEach(async () => {
  await other.close();
  await proxy.close();
  await ledger.close();
});

const unavailable = expect.objectContaining({ code: "unavailable" });

async function untilItAnswers(): Promise<void> {
  for (;;) {
    try {
      return await other.storage.ping();
    } catch (error) {
      expect(error).toEqual(unavailable);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("a database that hangs is known to be away: who waits hears it, who comes hears it at once", async () => {
  await other.storage.ping();
  proxy.hang();

  // One has a connection, three wait for a new or a free one, one goes past the repositories.
  const waiting = [
    ...Array.from({ length: 4 }, () => other.storage.ping()),
    other.pool.query("select 1").then(() => undefined),
  ];
  const outcomes = await Promise.allSettled(waiting);
  expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));

  // Nothing is asked of the network any more.
  const before = other.poolStats().total;
  await expect(other.storage.ping()).rejects.toEqual(unavailable);
  expect(other.poolStats().total).toBe(before);

  proxy.heal();
  await untilItAnswers();
});

test("connections that went dead are cut while the database lives, also the idle ones", async () => {
  await Promise.all([other.storage.ping(), other.storage.ping(), sql`select pg_sleep(0.05)`.execute(other.db)]);
  proxy.halfOpen();

  await expect(other.storage.ping()).rejects.toEqual(unavailable);
  await Promise.all([other.storage.ping(), other.storage.ping(), other.storage.ping()]);
});

test("a statement that only takes long has its time", async () => {
  const slow = sql<{ n: number }>`select 1 as n from pg_sleep(3)`.execute(other.db);
  await expect(slow.then(({ rows }) => rows)).resolves.toEqual([{ n: 1 }]);
});
