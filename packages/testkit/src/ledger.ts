import { randomUUID } from "node:crypto";

import type { TtlWish } from "@graphfleet/domain";
import { MIGRATIONS, type PostgresLedger, migrate, openPool, openPostgres } from "@graphfleet/postgres";
import type pg from "pg";

import { type Make, makeFactories } from "./ledger-factories.js";

export interface TestLedger extends PostgresLedger {
  /** The database of this ledger alone; for second connections, and for processes under test. */
  readonly uri: string;
  readonly make: Make;
  /** Closes and removes the database. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly poolMax?: number;
  /** False gives an empty database, for tests of the migrations. */
  readonly migrated?: boolean;
  /** Lifetime of threads that are made without one. */
  readonly threadTtl?: TtlWish;
}

/**
 * A fresh ledger: a database cloned from a migrated template, which takes a fraction of a second. The server is the one
 * that the run's global setup found or started.
 */
export async function openLedger({
  poolMax = 10,
  migrated = true,
  threadTtl,
}: LedgerOptions = {}): Promise<TestLedger> {
  const server = serverUri();
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await withAdmin(server, async (admin) => {
    const template = migrated ? await ensureTemplate(server, admin) : "template0";
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });

  // Tests may go through a pooler; databases are made past it. See tests/pgbouncer.
  const pooler = process.env.TEST_POOLER_URI;
  const uri = databaseUri(pooler === undefined || pooler === "" ? server : pooler, name);
  const ledger = await openPostgres({ uri, poolMax, threadTtl, applicationName: "graphfleet-test" });
  return {
    ...ledger,
    uri,
    make: makeFactories(ledger.storage),
    async close() {
      await ledger.close();
      await withAdmin(server, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** The same server, another database. */
export function databaseUri(server: string, database: string): string {
  const uri = new URL(server);
  uri.pathname = `/${database}`;
  return uri.href;
}

/** One template per state of the migrations; made by whoever comes first, while the others wait. */
async function ensureTemplate(server: string, admin: pg.PoolClient): Promise<string> {
  const template = `test_template_${fingerprint(MIGRATIONS.map(({ name, sql }) => name + sql).join("\n"))}`;
  await admin.query("SELECT pg_advisory_lock(hashtext($1))", [template]);
  try {
    const found = await admin.query("SELECT FROM pg_database WHERE datname = $1", [template]);
    if (found.rowCount === 0) await makeTemplate(server, admin, template);
  } finally {
    await admin.query("SELECT pg_advisory_unlock(hashtext($1))", [template]);
  }
  return template;
}

/** Made under another name: a template that exists is complete. */
async function makeTemplate(server: string, admin: pg.PoolClient, template: string): Promise<void> {
  const draft = `${template}_draft`;
  await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
  const pool = adminPool(databaseUri(server, draft));
  try {
    await migrate({ pool });
  } finally {
    await pool.end();
  }
  await admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
}

async function withAdmin<T>(server: string, work: (admin: pg.PoolClient) => Promise<T>): Promise<T> {
  const pool = adminPool(server);
  try {
    const admin = await pool.connect();
    try {
      return await work(admin);
    } finally {
      admin.release();
    }
  } finally {
    await pool.end();
  }
}

const adminPool = (uri: string): pg.Pool =>
  openPool({
    uri,
    max: 1,
    applicationName: "graphfleet-test-admin",
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    idleInTransactionMs: 60_000,
    connectionTimeoutMs: 10_000,
    onError: () => undefined,
  });

function serverUri(): string {
  const uri = process.env.TEST_DATABASE_URI;
  if (uri === undefined || uri === "") {
    throw new Error("TEST_DATABASE_URI is not set: run these tests through Jest's integration project.");
  }
  return uri;
}

/** FNV-1a: short, and stable from run to run. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
