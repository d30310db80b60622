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
/** One that rather waits. */
let patient: PostgresLedger;
beforeEach(async () => {
  ledger = await openLedger({ poolMax: 2 });
  proxy = await openFaultProxy(ledger.uri);
  const options = {
    uri: proxy.uri,
    poolMax: 3,
    statementTimeoutMs: NEVER_MS,
    connectionTimeoutMs: NEVER_MS,
    applicationName: "test",
  };
  other = await openPostgres({ ...options, whenAway: "refuse" });
  patient = await openPostgres({ ...options, whenAway: "wait" });
});
afterEach(async () => {
  await other.close();
  await patient.close();
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

test.each(["refuse", "wait"] as const)(
  "connections that went dead are cut while the database lives, also the idle ones: %s",
  async (whenAway) => {
    const { storage, db } = whenAway === "refuse" ? other : patient;
    await Promise.all([storage.ping(), storage.ping(), sql`select pg_sleep(0.05)`.execute(db)]);
    proxy.halfOpen();

    await expect(storage.ping()).rejects.toEqual(unavailable);
    await Promise.all([storage.ping(), storage.ping(), storage.ping()]);
  },
);

test("who rather waits does not notice that the database was away for a moment", async () => {
  proxy.hang();
  // Both need connections: the one of each pool that there is goes to a statement that will be lost.
  const lost = [other.storage.ping(), patient.storage.ping()].map((ping) => ping.catch(() => undefined));
  const refused = other.storage.ping();
  const waiting = patient.storage.ping();
  await expect(refused).rejects.toEqual(unavailable);

  proxy.heal();
  await waiting;
  await Promise.all(lost);
});

test("who rather waits is told in the end, and what was under way is given up", async () => {
  await patient.storage.ping();
  proxy.hang();

  const [underWay, coming] = [patient.storage.ping(), patient.storage.ping()];
  await expect(coming).rejects.toEqual(unavailable);
  await expect(underWay).rejects.toEqual(unavailable);
});

test("a database that answers some is not away, however long it takes to let somebody new in", async () => {
  await Promise.all([other.storage.ping(), other.storage.ping()]);
  proxy.delay(300);

  const slow = sql`select pg_sleep(2)`.execute(other.db);
  slow.catch(() => undefined);
  // Each takes more than half a second: together they outlast it.
  for (let pings = 0; pings < 5; pings++) await other.storage.ping();

  expect((await slow).rows).toHaveLength(1);
});

test("a statement that only takes long has its time", async () => {
  const slow = sql<{ n: number }>`select 1 as n from pg_sleep(3)`.execute(other.db);
  await expect(slow.then(({ rows }) => rows)).resolves.toEqual([{ n: 1 }]);
});
