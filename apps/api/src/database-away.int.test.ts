import { openPostgres, type PostgresLedger } from "@graphfleet/postgres";
import { type FaultProxy, openFaultProxy } from "@graphfleet/testkit";
import { type Answer, openApi, type TestApi } from "../test/open-api.js";

/*
 * What clients hear of a database that is away. The statements' own timeouts are longer than a test may take, so an answer
 * that comes was given because somebody looked.
 */

const NEVER_MS = 600_000;
const THREAD = "/threads/11111111-2222-4333-8444-555555555555";

let proxy: FaultProxy;
let ledger: PostgresLedger;
let server: TestApi;
beforeEach(async () => {
  server = await openApi(async ({ uri }) => {
    proxy = await openFaultProxy(uri);
    ledger = await openPostgres({
      uri: proxy.uri,
      poolMax: 2,
      whenAway: "refuse",
      statementTimeoutMs: NEVER_MS,
      applicationName: "test",
    });
    return { storage: ledger.storage, services: { postgres: () => ledger.storage.ping() } };
  });
});
afterEach(async () => {
  await ledger.close();
  await proxy.close();
  await server.close();
});

const isTurnedAway = ({ status, headers, text }: Answer): void => {
  expect([status, text]).toEqual([503, "The database is not available."]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
};

test("one that hangs: 503 with Retry-After, then without asking it, until it answers", async () => {
  expect((await server.call("GET", THREAD)).status).toBe(404);
  proxy.hang();

  // More than there are connections: some wait for an answer, some for a connection.
  const asked = ["GET", "DELETE", "GET", "GET"].map((method) => server.call(method, THREAD));
  const created = server.call("POST", "/threads", {});
  for (const answer of await Promise.all([...asked, created])) isTurnedAway(answer);

  const before = ledger.poolStats();
  isTurnedAway(await server.call("GET", THREAD));
  isTurnedAway(await server.call("POST", "/runs/stream", { assistant_id: "agent" }));
  expect(ledger.poolStats()).toEqual(before);
  // Only who asks about it is told that it is away: the process itself is well.
  expect((await server.call("GET", "/ok")).status).toBe(200);
  expect((await server.call("GET", "/ok?check_db=1")).status).toBe(500);

  proxy.heal();
  for (;;) {
    const answer = await server.call("GET", THREAD);
    if (answer.status === 404) break;
    isTurnedAway(answer);
  }
  expect((await server.call("POST", "/threads", {})).status).toBe(200);
});

test("one without a free connection: 503 with Retry-After, and what holds them is left alone", async () => {
  let free: () => void = () => undefined;
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  const works: Promise<void>[] = [];
  const hold = () =>
    new Promise<void>((held) => {
      const work = ledger.storage.transaction(async () => {
        held();
        await freed;
      });
      works.push(work);
    });
  await Promise.all([hold(), hold()]);
  expect(ledger.poolStats()).toMatchObject({ total: 2, idle: 0 });

  isTurnedAway(await server.call("GET", THREAD));

  free();
  await Promise.all(works);
  expect((await server.call("GET", THREAD)).status).toBe(404);
});
