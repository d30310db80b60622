import { type TestLedger, openLedger } from "@graphfleet/testkit";

import { SchemaMismatch, migrate, requireCurrentSchema, schemaState } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger({ migrated: false });
});
afterEach(() => ledger.close());

const NAMES = MIGRATIONS.map(({ name }) => name);

test("brings an empty database up to date, and says what it did", async () => {
  const lines: string[] = [];
  const prepared: string[] = [];
  await expect(requireCurrentSchema(ledger.pool)).rejects.toThrow(SchemaMismatch);

  const applied = await migrate({
    pool: ledger.pool,
    extra: [{ name: "more", run: async () => void prepared.push("more") }],
    log: (line) => lines.push(line),
  });
  expect(applied).toEqual(NAMES);
  expect(lines).toEqual([...NAMES.map((name) => `applied ${name}`), "prepared more"]);
  expect(prepared).toEqual(["more"]);
  expect(await schemaState(ledger.pool)).toEqual({ applied: NAMES, missing: [], unknown: [] });
  await requireCurrentSchema(ledger.pool);
});

test("of many that start at once one works, the others find it done", async () => {
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate({ pool: ledger.pool })));
  expect(applied.flat()).toEqual(NAMES);
  expect(await migrate({ pool: ledger.pool })).toEqual([]);
});

test("refuses a database that is newer than the code", async () => {
  await migrate({ pool: ledger.pool });
  await ledger.pool.query("INSERT INTO graphfleet_migrations (name) VALUES ('9999-future')");
  await expect(migrate({ pool: ledger.pool })).rejects.toThrow(/newer than this build: it has 9999-future/);
  await expect(requireCurrentSchema(ledger.pool)).rejects.toThrow(/newer than this build/);
});

test("adopts tables that LangGraph's own checkpointer made, with what is in them", async () => {
  await ledger.pool.query(`
    CREATE TABLE checkpoint_migrations (v integer PRIMARY KEY);
    INSERT INTO checkpoint_migrations VALUES (0), (1), (2), (3), (4);
    CREATE TABLE checkpoint_writes (
      thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL,
      idx integer NOT NULL, channel text NOT NULL, type text, blob bytea NOT NULL,
      PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    );
    INSERT INTO checkpoint_writes VALUES ('t', '', '1', 'task', 0, 'c', 'json', '1')`);
  await migrate({ pool: ledger.pool });
  const { rows } = await ledger.pool.query("SELECT thread_id, run_id FROM checkpoint_writes");
  expect(rows).toEqual([{ thread_id: "t", run_id: null }]);
});

test("a migration that fails changes nothing", async () => {
  await ledger.pool.query("CREATE TABLE webhook_deliveries (id integer)");
  await expect(migrate({ pool: ledger.pool })).rejects.toThrow(
    /0001-ledger failed: .*already exists.*Nothing was changed/,
  );
  expect((await schemaState(ledger.pool)).applied).toEqual([]);
});
