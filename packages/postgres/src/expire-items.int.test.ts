import { WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger();
});
afterEach(() => ledger.close());

const items = () => ledger.storage.items;
const REFRESH = { refreshTtl: true };
const PAGE = { prefix: ["n"], conditions: [], limit: 10, offset: 0 };

async function put(key: string, ttlMinutes: number | null): Promise<void> {
  const vectors = [new Float32Array([1, 0])];
  await items().put({ namespace: ["n"], key, value: {}, ttlMinutes, vectors }, WHOLE_HOUSE);
}

const pass = (minutes: number) =>
  ledger.pool.query("UPDATE store_items SET expires_at = expires_at - make_interval(secs => $1 * 60)", [minutes]);

const keysLeft = async () =>
  (await ledger.pool.query("SELECT key FROM store_items ORDER BY key")).rows.map((row) => row.key as string);

test("removes items whose time is over, with their vectors, in batches", async () => {
  for (const key of ["a", "b", "c"]) await put(key, 5);
  await put("later", 60);
  await put("never", null);
  await pass(6);

  expect(await items().countExpired(10)).toBe(3);
  expect(await items().countExpired(1)).toBe(2);
  expect(await items().removeExpired(2)).toBe(2);
  expect(await items().removeExpired(2)).toBe(1);
  expect(await items().removeExpired(2)).toBe(0);

  expect(await keysLeft()).toEqual(["later", "never"]);
  expect((await ledger.pool.query("SELECT FROM store_vectors")).rowCount).toBe(2);
});

test("a read keeps an item alive, and does not bring one back whose time is over", async () => {
  await put("read", 5);
  await put("gone", 1);
  await pass(4);
  await items().search(PAGE, REFRESH, WHOLE_HOUSE);
  await items().get(["n"], "gone", REFRESH, WHOLE_HOUSE);
  await pass(4);

  await items().removeExpired(10);
  expect(await keysLeft()).toEqual(["read"]);
});

test("neither readers nor sweeps wait for who works on an item", async () => {
  await put("held", 5);
  await put("free", 5);
  const other = await ledger.pool.connect();
  try {
    await other.query("BEGIN");
    await other.query("SELECT FROM store_items WHERE key = 'held' FOR UPDATE");

    expect(await items().get(["n"], "held", REFRESH, WHOLE_HOUSE)).not.toBeNull();
    expect(await items().search(PAGE, REFRESH, WHOLE_HOUSE)).toHaveLength(2);
    await ledger.pool.query("UPDATE store_items SET expires_at = now() - interval '1 minute' WHERE key = 'free'");
    expect(await items().removeExpired(10)).toBe(1);
    await other.query("UPDATE store_items SET expires_at = now() - interval '1 minute' WHERE key = 'held'");
    expect(await items().removeExpired(10)).toBe(0);
    await other.query("COMMIT");
  } finally {
    other.release();
  }
  expect(await items().removeExpired(10)).toBe(1);
});
