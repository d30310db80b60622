import pg from "pg";

import type { Hosts } from "./hosts.js";
import type { LedgerClient } from "./ledger-client.js";

/*
 * Tells a database that is slow from one that is gone.
 *
 * A statement may take as long as its timeout allows, and a network can fail without telling anybody: both look like
 * silence. So when an answer, or a connection, has been owed for a while, somebody else asks: a new connection, with little
 * time.
 *
 *  - No server answers it, and none has sent anything to anybody meanwhile. The database is away: whoever waits is told at
 *    once, and so is everybody who comes, until a later question is answered. Statements under way have a grace before they
 *    are given up.
 *  - A server answers, and says that it does nothing for the connection that waits, on which nothing moves either. Then
 *    that connection is dead, and is cut. So are the ones that nobody uses: they went the same way.
 *  - A server answers, and is working for it. Then it is slow, and has its time.
 */

export interface VigilOptions {
  /** How long an answer may be owed before somebody asks. */
  readonly silentMs: number;
  /** Longest wait for the one who asks. */
  readonly probeMs: number;
  /** How long statements under way may go on waiting for their answer while no server answers. */
  readonly graceMs: number;
}

export interface Watched {
  readonly hosts: Hosts;
  /** Whose connections they are, as `pg_stat_activity` shows it. */
  readonly applicationName: string;
  readonly clients: ReadonlySet<LedgerClient>;
  /** How long the oldest caller has waited for a connection. */
  readonly waitingMs: () => number;
  /** Replaces connections that nobody uses. */
  readonly renewIdle: () => void;
}

/** In the words in which pg tells of lost connections; see pg-errors.ts. */
export class DatabaseAway extends Error {
  override readonly name = "DatabaseAway";
  constructor() {
    super("Connection terminated: the database does not answer");
  }
}

interface Suspicion {
  readonly moved: number;
  readonly silentMs: number;
}

export class Vigil {
  readonly #watched: Watched;
  readonly #options: VigilOptions;
  readonly #timer: NodeJS.Timeout;
  #suspects = new Map<LedgerClient, Suspicion>();
  readonly #waiting = new Set<(error: DatabaseAway) => void>();
  #awaySince: number | null = null;
  #asking = false;

  constructor(watched: Watched, options: VigilOptions) {
    this.#watched = watched;
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), Math.ceil(options.silentMs / 2));
    this.#timer.unref();
  }

  get away(): boolean {
    return this.#awaySince !== null;
  }

  /** Gives up on a connection as soon as the database is known to be away. @throws DatabaseAway */
  async unlessAway(connecting: () => Promise<pg.PoolClient>): Promise<pg.PoolClient> {
    if (this.away) throw new DatabaseAway();
    let giveUp: (error: DatabaseAway) => void = () => undefined;
    const away = new Promise<never>((_resolve, reject) => {
      giveUp = reject;
    });
    this.#waiting.add(giveUp);
    const connected = connecting();
    try {
      return await Promise.race([connected, away]);
    } catch (error) {
      // It may come after all. Then it is nobody's.
      if (error instanceof DatabaseAway) connected.then((client) => client.release(true)).catch(() => undefined);
      throw error;
    } finally {
      this.#waiting.delete(giveUp);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    const silent = this.#silent();
    if (!this.away && silent.length === 0 && this.#watched.waitingMs() < this.#options.silentMs) {
      this.#suspects.clear();
      return;
    }
    this.#asking = true;
    const before = this.#heard();
    try {
      const working = await this.#askAll(silent);
      // A machine that is busy takes long to let somebody new in, and answers those that are in.
      if (working === "late" && !this.away && this.#hasSpoken(before)) this.#suspects.clear();
      else if (working === null || working === "late") this.#close();
      else {
        this.#awaySince = null;
        this.#judge(working);
      }
    } finally {
      this.#asking = false;
    }
  }

  #heard(): ReadonlyMap<LedgerClient, number> {
    return new Map([...this.#watched.clients].map((client) => [client, client.heard]));
  }

  #hasSpoken(before: ReadonlyMap<LedgerClient, number>): boolean {
    return [...this.#watched.clients].some((client) => client.heard > (before.get(client) ?? 0));
  }

  #silent(): readonly LedgerClient[] {
    return [...this.#watched.clients].filter(({ silentMs }) => silentMs >= this.#options.silentMs);
  }

  #close(): void {
    const now = performance.now();
    this.#awaySince ??= now;
    if (now - this.#awaySince >= this.#options.graceMs) for (const client of this.#silent()) client.cut();
    for (const giveUp of this.#waiting) giveUp(new DatabaseAway());
  }

  /** Who was silent at two questions, moved nothing between them, and has nobody working for it, is dead. */
  #judge(working: ReadonlySet<number>): void {
    const suspects = new Map<LedgerClient, Suspicion>();
    let dead = false;
    for (const client of this.#silent()) {
      const { backend, moved, silentMs } = client;
      if (backend === null || working.has(backend)) continue;
      const before = this.#suspects.get(client);
      // The same wait as before, not the next one.
      if (before !== undefined && before.moved === moved && before.silentMs < silentMs) {
        client.cut();
        dead = true;
      } else {
        suspects.set(client, { moved, silentMs });
      }
    }
    this.#suspects = suspects;
    if (dead) this.#watched.renewIdle();
  }

  /** @returns the server processes that work for `silent`; null when no server answers, `late` when one yet might. */
  async #askAll(silent: readonly LedgerClient[]): Promise<Verdict> {
    let without: "late" | null = null;
    const { hosts, applicationName } = this.#watched;
    const pids = silent.flatMap(({ backend }) => backend ?? []);
    const order = [hosts.current, ...hosts.uris.filter((uri) => uri !== hosts.current)];
    for (const uri of order) {
      const client = new pg.Client({ connectionString: uri, application_name: `${applicationName}-vigil` });
      const working = await ask(client, hosts.attrs !== "any", pids, this.#options.probeMs);
      if (working === "late") without = "late";
      if (working === null || working === "late") continue;
      hosts.settleOn(uri);
      return working;
    }
    return without;
  }
}

type Verdict = ReadonlySet<number> | "late" | null;

interface Answer {
  readonly pid: number | null;
  readonly read_only: string;
}

const QUESTION = `
  select a.pid, current_setting('transaction_read_only') as read_only
  from (values (1)) as one (n) left join pg_stat_activity a on a.pid = any ($1::int[]) and a.state = 'active'`;

async function ask(client: pg.Client, mustWrite: boolean, pids: readonly number[], withinMs: number): Promise<Verdict> {
  client.on("error", () => undefined);
  const answering = (async () => {
    await client.connect();
    const { rows } = await client.query<Answer>(QUESTION, [pids]);
    if (mustWrite && rows[0]?.read_only === "on") return null;
    return new Set(rows.flatMap(({ pid }) => pid ?? []));
  })().catch((error: unknown) => (isRefusal(error) ? new Set(pids) : null));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    // Two steps, so that an event loop that was blocked gets to read the answer.
    timer = setTimeout(() => {
      timer = setTimeout(() => resolve("late"), 50);
    }, withinMs);
  });
  try {
    return await Promise.race([answering, late]);
  } finally {
    clearTimeout(timer);
    destroy(client);
  }
}

/** Full, or shut for this account: a server that says so is there. One that starts or stops is not. */
function isRefusal(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return /^(28|3D|42|53)/.test(code);
}

/** Saying goodbye needs somebody who listens. */
function destroy(client: pg.Client): void {
  // pg's types do not tell of its connection.
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy(): void } } };
  connection.stream.destroy();
}
