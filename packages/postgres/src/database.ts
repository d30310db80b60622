import type { RunRepository, Storage, TtlWish } from "@graphfleet/domain";
import { Kysely, sql } from "kysely";
import type pg from "pg";

import { ledgerDialect } from "./driver.js";
import { nearItemsByPgvector } from "./near-items-pgvector.js";
import { NearItemsExact } from "./near-items-exact.js";
import { openPool } from "./pool.js";
import { PostgresRunRepository } from "./run-repository.js";
import type { Database } from "./schema.js";
import { makeStorage } from "./storage.js";

export interface PostgresOptions {
  readonly uri: string;
  /** Connections for work. One more is kept apart for heartbeats, and opened when the first lease is renewed. */
  readonly poolMax: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionMs?: number;
  /** How long a caller waits for a connection before it is told `unavailable`. */
  readonly connectionTimeoutMs?: number;
  /** Lifetime of threads that are made without one; left out = they stay until someone deletes them. */
  readonly threadTtl?: TtlWish | undefined;
  /**
   * Find out within seconds that connections are dead, and what callers hear while no server answers. `refuse`: that it is
   * so, at once; for processes that have somebody waiting, or that come back anyway. `wait`: nothing for some seconds,
   * in which a restart or a failover may be over; for processes that would lose work. Left out, timeouts alone tell.
   */
  readonly whenAway?: "refuse" | "wait";
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Told of connections that broke while idle. For the log: they are replaced by themselves. */
  readonly onError?: (error: Error) => void;
}

/** How busy the pool is, for gauges. */
export interface PoolStats {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

export interface PostgresLedger {
  readonly storage: Storage;
  /** The same connections, for LangGraph's checkpointer and store. */
  readonly pool: pg.Pool;
  readonly db: Kysely<Database>;
  poolStats(): PoolStats;
  /** Waits for statements in flight, then closes all connections. May be called again. */
  close(): Promise<void>;
}

/**
 * A heartbeat that takes longer is late already; the next one is due. Together with the grace it is a quarter of the
 * default lease, so a connection that went dead is replaced while the lease still holds.
 */
const HEARTBEAT_TIMEOUT_MS = 1500;
const HEARTBEAT_GRACE_MS = 500;

const CONNECTION_TIMEOUT_MS = 10_000;

const WHEN_AWAY = {
  /** A client that waits for an answer hears within about 3 s that there will be none. */
  refuse: { connectionTimeoutMs: 3000, insistMs: 0, vigil: { silentMs: 1000, probeMs: 1000, graceMs: 0 } },
  /** Within a lease: a database that is away for longer costs a worker its runs, and then nothing may still hold them. */
  wait: {
    connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
    insistMs: 5000,
    vigil: { silentMs: 2000, probeMs: 1000, graceMs: 3000 },
  },
} as const;

/**
 * Opens the ledger. Connections are made when they are first needed, so this proves that the database answers.
 *
 * @throws DomainError `unavailable` when it does not.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresLedger> {
  const { pool, db, heartbeat, close } = connect(options);
  let storage: Storage;
  try {
    const nearItems = (await hasPgvector(db)) ? nearItemsByPgvector : new NearItemsExact();
    storage = makeStorage(db, heartbeat, nearItems, options.threadTtl);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    storage,
    pool,
    db,
    poolStats: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: options.poolMax,
    }),
    close,
  };
}

/** What a heartbeat needs of the ledger. */
type LeaseLedger = Pick<PostgresLedger, "close"> & { readonly runs: RunRepository };

/** Opens the ledger for renewing leases. Asks it nothing, so this works also while the database is away. */
export function openLeases(options: PostgresOptions): LeaseLedger {
  const { db, heartbeat, close } = connect(options);
  return { runs: new PostgresRunRepository(db, heartbeat), close };
}

function connect(options: PostgresOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const whenAway = options.whenAway === undefined ? undefined : WHEN_AWAY[options.whenAway];
  const common = {
    uri: options.uri,
    lockTimeoutMs: options.lockTimeoutMs ?? 5000,
    idleInTransactionMs: options.idleInTransactionMs ?? 15_000,
    onError: options.onError ?? (() => undefined),
  };
  const pool = openPool({
    ...common,
    max: options.poolMax,
    applicationName: options.applicationName,
    statementTimeoutMs,
    connectionTimeoutMs: options.connectionTimeoutMs ?? whenAway?.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
    insistMs: whenAway?.insistMs ?? 0,
    vigil: whenAway?.vigil,
  });
  const heartbeatPool = openPool({
    ...common,
    max: 1,
    applicationName: `${options.applicationName}-heartbeat`,
    statementTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    connectionTimeoutMs: HEARTBEAT_TIMEOUT_MS,
  });

  const db = new Kysely<Database>({ dialect: ledgerDialect(pool, statementTimeoutMs) });
  const heartbeat = new Kysely<Database>({
    dialect: ledgerDialect(heartbeatPool, HEARTBEAT_TIMEOUT_MS, HEARTBEAT_GRACE_MS),
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(pool, heartbeatPool));
  return { pool, db, heartbeat, close };
}

/** Asks by name, as queries will: an extension in a schema that we do not look into is none. */
async function hasPgvector(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select to_regtype('vector') is not null as found`.execute(db);
  return rows[0]?.found === true;
}

async function closeAll(...pools: readonly pg.Pool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.end()));
}
