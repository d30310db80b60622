import { unavailable } from "@graphfleet/domain";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type pg from "pg";

import type { LedgerClient } from "./ledger-client.js";
import { isFormerPrimary, toLedgerError } from "./pg-errors.js";

/** Statements that open with such a comment are prepared under that name. Their text must never vary. */
export const NAMED = /^\s*\/\* (\w+) \*\//;

/** The server cancels a statement at its timeout; when not even that answer arrives, the connection is dead. */
const GRACE_MS = 2000;

interface Patience {
  readonly deadlineMs: number;
  readonly graceMs: number;
}

/**
 * Kysely over our pool. Every statement of every repository passes here, which makes it the one place where
 *  - an outage becomes a DomainError `unavailable`;
 *  - a connection that stopped answering is cut, so that a half-open network cannot hold a caller for ever;
 *  - statements of the hot paths are prepared: they name themselves, see `NAMED`.
 */
export function ledgerDialect(pool: pg.Pool, statementTimeoutMs: number, graceMs = GRACE_MS): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new LedgerDriver(pool, { deadlineMs: statementTimeoutMs, graceMs }),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class LedgerDriver implements Driver {
  readonly #pool: pg.Pool;
  readonly #patience: Patience;

  constructor(pool: pg.Pool, patience: Patience) {
    this.#pool = pool;
    this.#patience = patience;
  }

  async init(): Promise<void> {
    // The pool connects when it is first asked.
  }

  async acquireConnection(): Promise<LedgerConnection> {
    try {
      return new LedgerConnection(await this.#pool.connect(), this.#patience);
    } catch (error) {
      // Whatever the reason (network, password, no free connection in time): the ledger cannot be reached.
      throw unavailable("The database is not available.", error);
    }
  }

  async beginTransaction(connection: LedgerConnection): Promise<void> {
    await connection.run("begin");
  }

  async commitTransaction(connection: LedgerConnection): Promise<void> {
    await connection.run("commit");
  }

  async rollbackTransaction(connection: LedgerConnection): Promise<void> {
    // A rollback that cannot be sent has happened already: the server ends the transaction with its connection. The
    // error that led here is the one to report.
    await connection.run("rollback").catch(() => connection.discard());
  }

  async releaseConnection(connection: LedgerConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    // The pool belongs to who opened it.
  }
}

class LedgerConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  readonly #patience: Patience;
  #broken = false;

  constructor(client: pg.PoolClient, patience: Patience) {
    this.#client = client;
    this.#patience = patience;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const name = NAMED.exec(sql)?.[1];
    const { command, rowCount, rows } = await this.run(sql, parameters, name);
    return {
      rows: rows as R[],
      ...(command === "SELECT" || rowCount === null ? {} : { numAffectedRows: BigInt(rowCount) }),
    };
  }

  async run(text: string, parameters: readonly unknown[] = [], name?: string): Promise<pg.QueryResult> {
    // Two steps, so that an event loop that was blocked gets to read the answer before its connection is given up.
    let deadline = setTimeout(() => {
      deadline = setTimeout(() => this.#cut(), this.#patience.graceMs);
    }, this.#patience.deadlineMs);
    try {
      return await this.#client.query({ text, values: [...parameters], ...(name === undefined ? {} : { name }) });
    } catch (error) {
      if (isFormerPrimary(error)) this.#broken = true;
      throw toLedgerError(error);
    } finally {
      clearTimeout(deadline);
    }
  }

  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("The ledger answers in pages, not in streams.");
  }

  discard(): void {
    this.#broken = true;
  }

  release(): void {
    this.#client.release(this.#broken);
  }

  #cut(): void {
    this.#broken = true;
    // Our pool's connections are all of this class.
    (this.#client as unknown as LedgerClient).cut();
  }
}
