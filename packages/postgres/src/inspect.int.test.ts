import { freePort, openLedger, type TestLedger } from "@graphfleet/testkit";
import { inspectPostgres } from "./inspect.js";
import { MIGRATIONS } from "./migrations/index.js";

describe("inspectPostgres", () => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ migrated: false });
  });
  afterAll(() => ledger.close());

  test("tells what the server and an empty database are like, and changes nothing", async () => {
    const facts = await inspectPostgres(ledger.uri);

    expect(facts).toMatchObject({
      version: expect.stringContaining(String(facts.major)),
      mayCreate: true,
      isReadOnly: false,
      isPooled: false,
      hosts: [{ name: new URL(ledger.uri).host, is: "writable" }],
      attrs: "any",
      migrations: { applied: [], missing: MIGRATIONS.map(({ name }) => name), unknown: [] },
    });
    expect(facts.major).toBeGreaterThanOrEqual(15);
    expect(facts.schemaName).not.toBeNull();
    expect(facts.maxConnections).toBeGreaterThan(facts.reservedConnections);
    expect(Math.abs(facts.clockSkewMs)).toBeLessThanOrEqual(facts.roundTripMs + 1000);
    expect((await inspectPostgres(ledger.uri)).migrations.applied).toEqual([]);
  });

  test("sees a database that nothing may be written to", async () => {
    const uri = new URL(ledger.uri);
    uri.searchParams.set("options", "-c default_transaction_read_only=on");

    expect(await inspectPostgres(uri.href)).toMatchObject({ isReadOnly: true });
  });

  test("looks at every host that the string names", async () => {
    const { username, password, host, pathname } = new URL(ledger.uri);
    const nobody = `127.0.0.1:${await freePort()}`;
    const uri = `postgres://${username}:${password}@${nobody},${host}${pathname}?target_session_attrs=read-write`;

    expect(await inspectPostgres(uri)).toMatchObject({
      hosts: [
        { name: nobody, is: "unreachable" },
        { name: host, is: "writable" },
      ],
      attrs: "read-write",
    });
  });

  test("rejects with what the server says", async () => {
    const uri = new URL(ledger.uri);
    uri.pathname = "/no_such_database";

    await expect(inspectPostgres(uri.href)).rejects.toMatchObject({ code: "3D000" });
  });
});
