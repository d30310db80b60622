import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import { Hosts } from "./hosts.js";
import { LedgerClient, type SessionLimits } from "./ledger-client.js";
import { isTransient } from "./pg-errors.js";
import { Vigil, type VigilOptions } from "./vigil.js";

export interface PoolOptions extends SessionLimits {
  /** May name several hosts; see `Hosts`. */
  readonly uri: string;
  /** Connections this process may hold. */
  readonly max: number;
  readonly applicationName: string;
  /** How long to wait for a free or a new connection. */
  readonly connectionTimeoutMs: number;
  /** How long a caller's connection is tried again when no server takes it; 0 = once round the hosts is enough. */
  readonly insistMs?: number;
  /** When to look whether the database is still there; left out, its timeouts alone tell. */
  readonly vigil?: VigilOptions | undefined;
  /** Told of connections that broke while nobody was using them. For the log: the pool replaces them by itself. */
  readonly onError: (error: Error) => void;
}

const IDLE_CONNECTION_MS = 30_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
const TRY_AGAIN_MS = 200;
const INT8 = 20;

/**
 * Opens a pool whose connections bound their own waiting.
 *
 * The bounds are set after connecting, because poolers refuse unknown startup parameters. Nothing else lives in a session
 * (no LISTEN, no advisory session locks), so a pooler in transaction mode may stand in between.
 *
 * @throws TypeError when the connection string asks for something that is not supported.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new LedgerPool(options);
  pool.on("error", options.onError);
  return pool;
}

type Done = (release?: unknown) => void;
type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: Done) => void;

class LedgerPool extends pg.Pool {
  readonly #hosts: Hosts;
  readonly #clients = new Set<LedgerClient>();
  readonly #callers = new Set<{ readonly since: number }>();
  readonly #vigil: Vigil | null;
  readonly #insistMs: number;

  constructor(options: PoolOptions) {
    const hosts = new Hosts(options.uri);
    const clients = new Set<LedgerClient>();
    /** The pool makes its connections by `new`, with its own options; the host is the one of the moment. */
    class Client extends LedgerClient {
      constructor(config?: pg.ClientConfig) {
        super({ ...config, connectionString: hosts.current }, options);
        clients.add(this);
        this.once("end", () => clients.delete(this));
      }
    }
    // The pool waits for the promise, which its types do not tell.
    const prepare: (client: pg.ClientBase) => unknown = async (client) => {
      // A connection that breaks in use fails its query; without a listener it would fail the process as well.
      client.on("error", () => undefined);
      const { writable } = await (client as LedgerClient).prepare();
      if (!writable && hosts.attrs !== "any") throw new NotWritable();
    };
    super({
      Client: Client as unknown as new () => pg.ClientBase,
      max: options.max,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectionTimeoutMs,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      types: { getTypeParser },
      onConnect: prepare,
    });
    this.#hosts = hosts;
    this.#clients = clients;
    const { applicationName } = options;
    const [waitingMs, renewIdle] = [() => this.#waitingMs(), () => this.#renewIdle()];
    const watched = { hosts, applicationName, clients, waitingMs, renewIdle };
    this.#vigil = options.vigil === undefined ? null : new Vigil(watched, options.vigil);
    this.#insistMs = options.insistMs ?? 0;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    const connected = this.#connect();
    if (callback === undefined) return connected;
    connected.then(
      (client) => callback(undefined, client, (release) => client.release(release !== undefined)),
      (error: unknown) => callback(error as Error, undefined, () => undefined),
    );
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    this.#vigil?.stop();
    // What waits for an answer that will not come must not keep us.
    if (this.#vigil?.away === true) for (const client of this.#clients) client.cut();
    return callback === undefined ? super.end() : super.end(callback);
  }

  async #connect(): Promise<pg.PoolClient> {
    const caller = { since: performance.now() };
    this.#callers.add(caller);
    try {
      return await this.#insist(caller.since + this.#insistMs);
    } finally {
      this.#callers.delete(caller);
    }
  }

  /** A server that restarts, or its successor, is there in a moment. */
  async #insist(until: number): Promise<pg.PoolClient> {
    for (;;) {
      try {
        return await this.#tryHosts();
      } catch (error) {
        const isLate = performance.now() + TRY_AGAIN_MS > until;
        if (isLate || this.ending || !isTransient(error)) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  /** Goes to the next host when one cannot be reached, or takes no writes; once round. */
  async #tryHosts(): Promise<pg.PoolClient> {
    for (let left = this.#hosts.uris.length; ; left--) {
      const uri = this.#hosts.current;
      try {
        const connecting = (): Promise<pg.PoolClient> => super.connect();
        return await (this.#vigil === null ? connecting() : this.#vigil.unlessAway(connecting));
      } catch (error) {
        // Waiting in vain for a free connection says nothing about the host.
        if (left <= 1 || (error as Error).message.startsWith("timeout exceeded")) throw error;
        this.#hosts.moveOn(uri);
      }
    }
  }

  #waitingMs(): number {
    const [oldest] = this.#callers;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  #renewIdle(): void {
    for (let idle = this.idleCount; idle > 0; idle--) {
      super
        .connect()
        .then((client) => client.release(true))
        .catch(() => undefined);
    }
  }
}

/** In the form of the server's own refusal to write. */
class NotWritable extends Error {
  override readonly name = "NotWritable";
  readonly code = "25006";
  constructor() {
    super("The server takes no writes");
  }
}

/** 64-bit integers are numbers here: counters and sequences stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: unknown) =>
  // The overloads of pg-types tie the format to the parser's input; we only pass it on.
  oid === INT8 ? Number : (pg.types.getTypeParser as (oid: number, format?: unknown) => never)(oid, format);
