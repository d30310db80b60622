import type pg from "pg";
import { Hosts, type SessionAttrs } from "./hosts.js";
import type { LedgerClient } from "./ledger-client.js";
import { schemaState, type SchemaState } from "./migrate.js";
import { openPool } from "./pool.js";

/** What a server and its database are like, for somebody who has to judge whether a fleet can use them. */
export interface PostgresFacts {
  /** As the server says it: `17.2`. */
  readonly version: string;
  readonly major: number;
  /** Null: the search path leads to no schema. */
  readonly schemaName: string | null;
  /** Whether the user may make tables there. */
  readonly mayCreate: boolean;
  /** A standby: everything can be read, nothing written. */
  readonly isReadOnly: boolean;
  /** A pooler, such as PgBouncer, stands in between. */
  readonly isPooled: boolean;
  /** Every host that the connection string names, in its order. */
  readonly hosts: readonly HostFacts[];
  /** Which of them will do. */
  readonly attrs: SessionAttrs;
  readonly pgvector: "installed" | "available" | "absent";
  readonly maxConnections: number;
  /** Connections that only superusers and the like may use. */
  readonly reservedConnections: number;
  /** Server clock minus ours, in milliseconds; half of `roundTripMs` is uncertain. */
  readonly clockSkewMs: number;
  readonly roundTripMs: number;
  readonly migrations: SchemaState;
}

export interface HostFacts {
  /** Host and port. */
  readonly name: string;
  readonly is: "writable" | "read-only" | "unreachable";
}

interface Row {
  version: string;
  version_number: number;
  schema_name: string | null;
  may_create: boolean | null;
  is_read_only: boolean;
  pgvector: PostgresFacts["pgvector"];
  max_connections: number;
  reserved_connections: number;
}

const FACTS = `
  SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS version_number,
    current_schema() AS schema_name,
    has_schema_privilege(current_schema(), 'CREATE') AS may_create,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS is_read_only,
    CASE WHEN to_regtype('vector') IS NOT NULL THEN 'installed'
      WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN 'available'
      ELSE 'absent' END AS pgvector,
    current_setting('max_connections')::int AS max_connections,
    current_setting('superuser_reserved_connections')::int
      + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved_connections`;

/** Looks at a database and changes nothing. @throws what the driver says when it cannot be reached. */
export async function inspectPostgres(uri: string, { timeoutMs = 5000 } = {}): Promise<PostgresFacts> {
  const { uris, attrs } = new Hosts(uri);
  const pool = lookingPool(uri, timeoutMs);
  try {
    const { rows } = await pool.query<Row>(FACTS);
    const [row] = rows;
    if (row === undefined) throw new Error("the server answered with nothing");
    return {
      version: row.version,
      major: Math.floor(row.version_number / 10_000),
      schemaName: row.schema_name,
      mayCreate: row.may_create ?? false,
      isReadOnly: row.is_read_only,
      isPooled: await isPooled(pool),
      hosts: await Promise.all(uris.map((one) => inspectHost(one, timeoutMs))),
      attrs,
      pgvector: row.pgvector,
      maxConnections: row.max_connections,
      reservedConnections: row.reserved_connections,
      ...(await compareClocks(pool)),
      migrations: await schemaState(pool),
    };
  } finally {
    await pool.end();
  }
}

const lookingPool = (uri: string, timeoutMs: number): pg.Pool =>
  openPool({
    uri,
    max: 1,
    applicationName: "graphfleet-doctor",
    statementTimeoutMs: timeoutMs,
    lockTimeoutMs: timeoutMs,
    idleInTransactionMs: timeoutMs,
    connectionTimeoutMs: timeoutMs,
    onError: () => undefined,
  });

async function isPooled(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    // Our pool's connections are all of this class.
    return (client as unknown as LedgerClient).backend === null;
  } finally {
    client.release();
  }
}

async function inspectHost(uri: string, timeoutMs: number): Promise<HostFacts> {
  const name = URL.canParse(uri) ? new URL(uri).host : "";
  const pool = lookingPool(uri, timeoutMs);
  try {
    const { rows } = await pool.query<{ read_only: string }>(
      "SELECT current_setting('transaction_read_only') AS read_only",
    );
    return { name, is: rows[0]?.read_only === "on" ? "read-only" : "writable" };
  } catch {
    return { name, is: "unreachable" };
  } finally {
    await pool.end();
  }
}

/** On a connection that is open already, so that connecting does not count. */
async function compareClocks(pool: pg.Pool): Promise<Pick<PostgresFacts, "clockSkewMs" | "roundTripMs">> {
  const asked = Date.now();
  const { rows } = await pool.query<{ now: number }>(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now",
  );
  const answered = Date.now();
  const [row] = rows;
  return {
    clockSkewMs: Math.round((row?.now ?? answered) - (asked + answered) / 2),
    roundTripMs: answered - asked,
  };
}
