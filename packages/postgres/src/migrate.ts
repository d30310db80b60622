import type pg from "pg";
import { messageOf } from "@graphfleet/domain";

import { MIGRATIONS } from "./migrations/index.js";
import type { Migration } from "./migrations/migration.js";

/** A key of our own in the server's space of advisory locks: "graphfl" in ASCII. */
const LOCK = "29111546391455340";
const LOCK_WAIT_SECONDS = 60;
/** A table that is in use may hold a migration up this long; then it gives way, instead of making everybody wait behind it. */
const TABLE_LOCK_SECONDS = 15;

/** Something else that prepares the database, after the schema. Must be safe to repeat. */
export interface ExtraStep {
  readonly name: string;
  run(pool: pg.Pool): Promise<void>;
}

export interface MigrateOptions {
  readonly pool: pg.Pool;
  readonly extra?: readonly ExtraStep[];
  readonly log?: (line: string) => void;
}

/** Where a database stands, seen from this build. */
export interface SchemaState {
  readonly applied: readonly string[];
  /** Known here, not applied there: the database is older than the code. */
  readonly missing: readonly string[];
  /** Applied there, not known here: the database is newer than the code. */
  readonly unknown: readonly string[];
}

/** The database and the code do not fit together. */
export class SchemaMismatch extends Error {
  override readonly name = "SchemaMismatch";
}

/**
 * Brings the schema up to date. All that is missing is applied in one transaction or not at all. Any number of processes
 * may call this at once: one works, the others wait for it (for a bounded time) and find nothing left to do.
 *
 * @returns the names of the migrations that this call applied.
 * @throws SchemaMismatch when the database is newer than this build.
 */
export async function migrate({ pool, extra = [], log = () => undefined }: MigrateOptions): Promise<readonly string[]> {
  const client = await pool.connect();
  let applied: readonly string[];
  try {
    applied = await applyMissing(client, log);
  } finally {
    client.release();
  }
  for (const step of extra) {
    await step.run(pool);
    log(`prepared ${step.name}`);
  }
  return applied;
}

/** Reads where the database stands. Changes nothing. */
export async function schemaState(pool: pg.Pool | pg.PoolClient): Promise<SchemaState> {
  const found = await pool.query<{ ledger: string | null }>(
    "SELECT to_regclass('graphfleet_migrations')::text AS ledger",
  );
  const applied = typeof found.rows[0]?.ledger === "string" ? await appliedNames(pool) : [];
  const known = MIGRATIONS.map(({ name }) => name);
  return {
    applied,
    missing: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/** For processes that start: @throws SchemaMismatch, with what to do, unless the schema is exactly what this build needs. */
export async function requireCurrentSchema(pool: pg.Pool): Promise<void> {
  const state = await schemaState(pool);
  refuseNewer(state);
  if (state.missing.length > 0) {
    throw new SchemaMismatch(
      `The database lacks ${state.missing.join(", ")}. Run the migrations of this version before starting it.`,
    );
  }
}

async function applyMissing(client: pg.PoolClient, log: (line: string) => void): Promise<readonly string[]> {
  await client.query("BEGIN");
  try {
    await takeTurn(client);
    await client.query(`
      CREATE TABLE IF NOT EXISTS graphfleet_migrations (
        name text PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    const state = await schemaState(client);
    refuseNewer(state);

    const missing = MIGRATIONS.filter(({ name }) => state.missing.includes(name));
    for (const migration of missing) {
      await apply(client, migration);
      log(`applied ${migration.name}`);
    }
    await client.query("COMMIT");
    return missing.map(({ name }) => name);
  } catch (error) {
    // A connection that is gone has rolled back already; the first error is the one that tells why.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** One migrator at a time. The lock ends with the transaction, so no death can leave it behind. */
async function takeTurn(client: pg.PoolClient): Promise<void> {
  await client.query("SET LOCAL statement_timeout = 0");
  await client.query(`SET LOCAL lock_timeout = '${LOCK_WAIT_SECONDS}s'`);
  try {
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
  } catch (error) {
    throw new Error(`Another migration has been running for more than ${LOCK_WAIT_SECONDS} seconds.`, { cause: error });
  }
  await client.query(`SET LOCAL lock_timeout = '${TABLE_LOCK_SECONDS}s'`);
}

async function apply(client: pg.PoolClient, { name, sql }: Migration): Promise<void> {
  try {
    await client.query(sql);
    await client.query("INSERT INTO graphfleet_migrations (name) VALUES ($1)", [name]);
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`Migration ${name} failed: ${reason}. Nothing was changed.`, { cause: error });
  }
}

async function appliedNames(pool: pg.Pool | pg.PoolClient): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>("SELECT name FROM graphfleet_migrations ORDER BY name");
  return rows.map(({ name }) => name);
}

function refuseNewer({ unknown }: SchemaState): void {
  if (unknown.length === 0) return;
  throw new SchemaMismatch(
    `The database is newer than this build: it has ${unknown.join(", ")}. Start a version that knows it.`,
  );
}
