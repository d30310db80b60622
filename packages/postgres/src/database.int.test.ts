import { claimOf, DomainError, WHOLE_HOUSE, randomIds } from "@graphfleet/domain";
import { type TestLedger, databaseUri, openLedger, openFaultProxy } from "@graphfleet/testkit";

import { openLeases, openPostgres } from "./database.js";

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger({ poolMax: 2 });
});
afterEach(() => ledger.close());

const unavailable = expect.objectContaining({ code: "unavailable" });

/** Ends all sessions of the test's database but the one that asks, and waits until they are gone. */
async function killSessions(admin: TestLedger) {
  await admin.pool.query(`
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
}

test("a database that cannot be reached is unavailable, with the cause", async () => {
  const opening = openPostgres({ uri: databaseUri(ledger.uri, "nowhere"), poolMax: 1, applicationName: "test" });
  await expect(opening).rejects.toEqual(unavailable);
  await expect(opening).rejects.toMatchObject({ cause: expect.objectContaining({ code: "3D000" }) });
});

test("terminated sessions fail what they were doing, and the next request works", async () => {
  const other = await openPostgres({ uri: ledger.uri, poolMax: 3, applicationName: "test" });
  try {
    const inTransaction = other.storage.transaction(async (tx) => {
      await tx.threads.insert({ id: randomIds.thread(), metadata: {} });
      await killSessions(ledger);
      await tx.threads.insert({ id: randomIds.thread(), metadata: {} });
    });
    await expect(inTransaction).rejects.toEqual(unavailable);
    expect(await other.storage.threads.count({}, WHOLE_HOUSE)).toBe(0);

    // Of a pool whose connections all died, each may fail one request; then there are new ones.
    await Promise.all([other.storage.ping(), other.storage.ping()]);
    await killSessions(ledger);
    for (let n = 0; n < 3; n++) {
      await other.storage.ping().catch((error: unknown) => expect(error).toEqual(unavailable));
    }
    await other.storage.ping();
  } finally {
    await other.close();
  }
});

test("a network that swallows everything cannot hold a caller for ever", async () => {
  const proxy = await openFaultProxy(ledger.uri);
  const other = await openPostgres({ uri: proxy.uri, poolMax: 1, statementTimeoutMs: 50, applicationName: "test" });
  try {
    proxy.halfOpen();
    await expect(other.storage.ping()).rejects.toEqual(unavailable);
    expect(other.poolStats().total).toBe(0);
  } finally {
    await other.close();
    await proxy.close();
  }
});

test("who renews leases may start while the database is away, and renews when it is back", async () => {
  const lease = { owner: "worker-1", seconds: 3600 };
  const run = await ledger.make.run();
  const claim = claimOf((await ledger.storage.runs.claim(run, lease))!);
  const proxy = await openFaultProxy(ledger.uri);
  proxy.hang();
  const leases = openLeases({ uri: proxy.uri, poolMax: 1, applicationName: "test" });
  try {
    const renew = () => leases.runs.renew([{ ...claim, lastEvent: -1 }], lease);
    await expect(renew()).rejects.toEqual(unavailable);
    proxy.heal();
    expect(await renew()).toMatchObject([{ runId: run.id }]);
  } finally {
    await leases.close();
    await proxy.close();
  }
});

test("a caller that finds no free connection in time is told so", async () => {
  const small = await openPostgres({ uri: ledger.uri, poolMax: 1, connectionTimeoutMs: 500, applicationName: "test" });
  try {
    await small.storage.transaction(async () => {
      expect(small.poolStats()).toEqual({ total: 1, idle: 0, waiting: 0, max: 1 });
      await expect(small.storage.ping()).rejects.toEqual(unavailable);
    });
    await small.storage.ping();
  } finally {
    await small.close();
  }
});

test("a transaction is tried again after a deadlock, and both sides succeed", async () => {
  const [one, two] = [await ledger.make.thread(), await ledger.make.thread()];
  let tries = 0;
  let bothHold: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    let holders = 0;
    bothHold = () => {
      holders++;
      if (holders >= 2) resolve();
    };
  });
  const lockBoth = (first: typeof one, second: typeof one) =>
    ledger.storage.transaction(async (tx) => {
      tries++;
      await tx.threads.lock(first.id, WHOLE_HOUSE);
      bothHold();
      await held;
      await tx.threads.lock(second.id, WHOLE_HOUSE);
      return second.id;
    });
  const done = await Promise.all([lockBoth(one, two), lockBoth(two, one)]);
  expect(done).toEqual([two.id, one.id]);
  // Postgres chose a victim, which may meet the other side once more on a slow machine.
  expect(tries).toBeGreaterThan(2);
});

test("an error of the caller undoes the transaction and comes back as it was", async () => {
  const refused = new DomainError("thread_busy", "no");
  const work = ledger.storage.transaction(async (tx) => {
    await tx.threads.insert({ id: randomIds.thread(), metadata: {} });
    throw refused;
  });
  await expect(work).rejects.toBe(refused);
  expect(await ledger.storage.threads.count({}, WHOLE_HOUSE)).toBe(0);
});

test("closing twice is closing once", async () => {
  const other = await openPostgres({ uri: ledger.uri, poolMax: 1, applicationName: "test" });
  await Promise.all([other.close(), other.close()]);
  await expect(other.storage.ping()).rejects.toEqual(unavailable);
});
