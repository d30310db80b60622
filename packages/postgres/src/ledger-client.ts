import type { Socket } from "node:net";

import pg from "pg";

/** Limits of a session's waiting, in milliseconds. */
export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionMs: number;
}

/** As far as pg lets itself be looked into; its types do not tell of these. */
interface Inside {
  readonly connection: { readonly stream: Socket };
  readonly processID: number | null;
  pipeline: boolean;
  getTransactionStatus(): "I" | "T" | "E" | null;
}

interface Session {
  readonly pid: number;
  readonly read_only: string;
}

type Callback = (error: Error | null | undefined, result?: unknown) => void;
type Query = (config: unknown, values?: unknown, callback?: Callback) => Promise<unknown> | undefined;

/** Set in a session that is ours alone, to the server process at its other end; unknown where a pooler stands in between. */
export const BACKEND_SETTING = "graphfleet.backend";

const BEGIN = /^\s*begin\s*;?\s*$/i;

/**
 * A connection that knows since when it has waited for an answer, and whether a pooler stands in between.
 *
 * PgBouncer in transaction mode gives each transaction whatever server connection is free. So behind it nothing may live in
 * a session: prepared statements lose their names, and the limits, which are set once on a direct connection, are set in
 * each transaction. A statement outside of one gets one of its own. What belongs together is sent together, so this costs
 * no round trip.
 */
export class LedgerClient extends pg.Client {
  readonly #limits: SessionLimits;
  #busySince: number | null = null;
  #pooled = false;

  constructor(config: pg.ClientConfig, limits: SessionLimits) {
    super(config);
    this.#limits = limits;
    this.on("drain", () => {
      this.#busySince = null;
    });
    const query: Query = super.query.bind(this) as Query;
    // Overloads of a method cannot be passed on through an override; its one implementation can.
    this.query = ((...args: Parameters<Query>) => {
      this.#busySince ??= performance.now();
      return this.#pooled ? this.#bounded(query, ...args) : query(...args);
    }) as typeof this.query;
  }

  /** Milliseconds since the server was asked what it has not answered yet; 0 when it owes nothing. */
  get silentMs(): number {
    return this.#busySince === null ? 0 : performance.now() - this.#busySince;
  }

  /** The server process at the other end; null behind a pooler, where it may be any. */
  get backend(): number | null {
    return this.#pooled ? null : this.#inside.processID;
  }

  /** Grows while anything moves on the wire. */
  get moved(): number {
    const { bytesRead, bytesWritten, writableLength } = this.#inside.connection.stream;
    return bytesRead + bytesWritten - writableLength;
  }

  /** Bytes that the server has sent. */
  get heard(): number {
    return this.#inside.connection.stream.bytesRead;
  }

  /** Bounds the session. To be called once, when connected. @returns whether the server takes writes. */
  async prepare(): Promise<{ readonly writable: boolean }> {
    const pid = this.#inside.processID ?? 0;
    const settings = Object.entries({ ...settingsOf(this.#limits), [BACKEND_SETTING]: pid }).map(
      // A pooler tells a process id of its own making.
      ([name, value]) => `case when pg_backend_pid() = ${pid} then set_config('${name}', '${value}', false) end`,
    );
    const { rows } = await this.query<Session>(
      `select pg_backend_pid() as pid, current_setting('transaction_read_only') as read_only, ${settings.join(", ")}`,
    );
    this.#pooled = rows[0]?.pid !== pid;
    if (this.#pooled) this.#inside.pipeline = true;
    return { writable: rows[0]?.read_only !== "on" };
  }

  /** Breaks the connection off: what waits for its answer fails at once. */
  cut(): void {
    this.#inside.connection.stream.destroy();
  }

  #bounded(query: Query, config: unknown, values?: unknown, callback?: Callback): Promise<unknown> | undefined {
    const begin = `begin; ${Object.entries(settingsOf(this.#limits))
      .map(([name, ms]) => `set local ${name} = ${ms}`)
      .join("; ")}`;
    if (typeof config === "string" && BEGIN.test(config)) return query(begin, values, callback);
    if (isNamedBegin(config)) return query({ ...config, text: begin }, values, callback);

    const unnamed = withoutName(config);
    if (this.#inside.getTransactionStatus() !== "I") return query(unnamed, values, callback);

    const hear = typeof values === "function" ? (values as Callback) : callback;
    const given = typeof values === "function" ? undefined : values;
    // Its result counts when it is committed. A failed one is rolled back by the same word.
    const work = Promise.all([query(begin), settled(query(unnamed, given)), query("commit")]).then(([, result]) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    if (hear === undefined) return work;
    work.then(
      (result) => hear(null, result),
      (error: unknown) => hear(error as Error),
    );
    return undefined;
  }

  get #inside(): Inside {
    // See `Inside`.
    return this as unknown as Inside;
  }
}

const settingsOf = (limits: SessionLimits) => ({
  statement_timeout: Math.ceil(limits.statementTimeoutMs),
  lock_timeout: Math.ceil(limits.lockTimeoutMs),
  idle_in_transaction_session_timeout: Math.ceil(limits.idleInTransactionMs),
});

const isConfig = (config: unknown): config is { readonly text: string; readonly name?: string } =>
  typeof config === "object" && config !== null && "text" in config && typeof config.text === "string";

const isNamedBegin = (config: unknown): config is { readonly text: string } =>
  isConfig(config) && BEGIN.test(config.text);

function withoutName(config: unknown): unknown {
  if (!isConfig(config) || config.name === undefined) return config;
  const { name: _name, ...rest } = config;
  return rest;
}

async function settled(work: Promise<unknown> | undefined): Promise<PromiseSettledResult<unknown>> {
  const [result] = await Promise.allSettled([work]);
  return result;
}
