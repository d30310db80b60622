import pg from "pg";

export interface PoolOptions {
  readonly uri: string;
  /** Connections this process may hold. */
  readonly max: number;
  readonly applicationName: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionMs: number;
  /** How long to wait for a free or a new connection. */
  readonly connectionTimeoutMs: number;
  /** Told of connections that broke while nobody was using them. For the log: the pool replaces them by itself. */
  readonly onError: (error: Error) => void;
}

const IDLE_CONNECTION_MS = 30_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
const INT8 = 20;

/**
 * Opens a pool whose connections bound their own waiting.
 *
 * The bounds are set by a statement after connecting, because poolers refuse unknown startup parameters. Nothing else
 * lives in a session (no LISTEN, no advisory session locks), so a pooler in transaction mode may stand in between.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const settings = [
    `SET statement_timeout = ${Math.ceil(options.statementTimeoutMs)}`,
    `SET lock_timeout = ${Math.ceil(options.lockTimeoutMs)}`,
    `SET idle_in_transaction_session_timeout = ${Math.ceil(options.idleInTransactionMs)}`,
  ].join("; ");

  // The pool waits for the promise, which its types do not tell.
  const prepare: (client: pg.ClientBase) => unknown = async (client) => {
    // A connection that breaks in use fails its query; without a listener it would fail the process as well.
    client.on("error", () => undefined);
    await client.query(settings);
  };

  const pool = new pg.Pool({
    connectionString: options.uri,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectionTimeoutMs,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    types: { getTypeParser },
    onConnect: prepare,
  });
  pool.on("error", options.onError);
  return pool;
}

/** 64-bit integers are numbers here: counters and sequences stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  // The overloads of pg-types tie the format to the parser's input; we only pass it on.
  oid === INT8 ? Number : (pg.types.getTypeParser as (oid: number, format?: unknown) => never)(oid, format);
