// Ports in memory, as far as use cases lean on them. The real adapters have port suites of their own.
import type { Assistant } from "../src/assistants/assistant.js";
import { isWithin, type Scope } from "../src/auth/scope.js";
import type { Cron, NewCron } from "../src/crons/cron.js";
import type { Firing } from "../src/crons/cron-repository.js";
import type { ThreadId } from "../src/ids.js";
import type { JsonObject } from "../src/json.js";
import type { Log } from "../src/log.js";
import { type NewRun, type Run, isTerminal } from "../src/runs/run.js";
import type { CancelledRun } from "../src/runs/run-repository.js";
import type { Changes, Signals } from "../src/runs/signal-changes.js";
import type { StreamBus, TapeEntry, TapeEvent, TapeSignal } from "../src/runs/tape.js";
import type { Repositories, Storage } from "../src/storage.js";
import type { Thread, ThreadStatus } from "../src/threads/thread.js";
import { aRun, aThread, LONG_AGO } from "./facts.js";

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A port of which a fake has only some methods. Any other call is rejected, by name. */
const partly = <Port extends object>(name: string, methods: Partial<Port>): Port =>
  new Proxy(methods, {
    get: (known, method) =>
      Reflect.get(known, method) ?? (() => Promise.reject(new Error(`${name}.${String(method)} is not in this fake`))),
    // The proxy answers for every method, if only to refuse.
  }) as Port;

const isVisible = ({ metadata }: { readonly metadata: JsonObject }, scope: Scope): boolean => isWithin(scope, metadata);

interface Rows {
  assistants: Map<string, Assistant>;
  threads: Map<string, Thread & { streamSeq: number; temporary: boolean; resting: ThreadStatus }>;
  runs: Map<string, Run>;
  crons: Map<string, NewCron & Cron>;
}

export interface FakeLedger extends Storage {
  readonly rows: Rows;
  /** Runs as use cases handed them in. */
  readonly inserted: NewRun[];
  readonly firings: Firing[];
  /** The ledger's clock. */
  time: Date;
  /** Somebody else works on this thread. */
  lockedThread: ThreadId | null;
  /** Runs once, right before the next transaction begins: somebody else was quicker. */
  meanwhile: (() => void) | null;
  addAssistant(assistant: Assistant): Assistant;
  addThread(facts?: Partial<Thread> & { readonly streamSeq?: number; readonly resting?: ThreadStatus }): Thread;
  addRun(facts?: Partial<Run>): Run;
}

/** The ledger, without its adapters' cares: one transaction at a time, undone when it throws. */
export function fakeLedger(): FakeLedger {
  const rows: Rows = { assistants: new Map(), threads: new Map(), runs: new Map(), crons: new Map() };
  const firings: Firing[] = [];
  const inserted: NewRun[] = [];
  const runsOf = (id: ThreadId) => [...rows.runs.values()].filter((run) => run.threadId === id);

  const repositories: Repositories = {
    assistants: partly<Repositories["assistants"]>("assistants", {
      get: async (id, scope) => {
        const row = rows.assistants.get(id);
        return row !== undefined && isVisible(row, scope) ? row : null;
      },
    }),
    threads: partly<Repositories["threads"]>("threads", {
      insert: async ({ id, metadata, config = {}, temporary = false }) => {
        if (rows.threads.has(id)) return null;
        const row = { ...aThread({ id, metadata, config }), streamSeq: 0, temporary, resting: "idle" as const };
        rows.threads.set(id, row);
        return row;
      },
      insertBusy: async (threads) => {
        for (const { takeOver, ...thread } of threads) {
          await repositories.threads.insert(thread);
          await repositories.threads.markBusy(thread.id, takeOver);
        }
      },
      get: visibleThread,
      peek: visibleThread,
      lock: visibleThread,
      valuesOf: async (id) => rows.threads.get(id)?.values ?? null,
      markBusy: async (id, takeOver) => {
        const row = rows.threads.get(id)!;
        const taken =
          takeOver === null
            ? {}
            : {
                metadata: { ...row.metadata, ...takeOver.metadata },
                config: takeOver.config,
                context: takeOver.context,
              };
        const resting = row.status === "busy" ? row.resting : row.status;
        rows.threads.set(id, { ...row, ...taken, status: "busy", resting });
      },
      rest: async (id) => {
        const row = rows.threads.get(id)!;
        rows.threads.set(id, { ...row, status: row.resting });
      },
      saveState: async (id, snapshot, status) => {
        const row = rows.threads.get(id)!;
        rows.threads.set(id, { ...row, ...snapshot, status, error: null, streamSeq: row.streamSeq + 1 });
        return row.streamSeq + 1;
      },
    }),
    runs: partly<Repositories["runs"]>("runs", {
      insert: async (run) => insertRun(run),
      insertMany: async (runs) => runs.forEach(insertRun),
      get: async (id, ofThread, scope) => {
        const row = rows.runs.get(id);
        const thread = row && rows.threads.get(row.threadId);
        if (row === undefined || thread === undefined || !isVisible(thread, scope)) return null;
        if (row.spec.temporary && isTerminal(row.status)) return null;
        return ofThread === null || row.threadId === ofThread ? row : null;
      },
      getToRead: async (id, ofThread, scope) => {
        const row = rows.runs.get(id);
        const thread = row && rows.threads.get(row.threadId);
        if (row === undefined || thread === undefined || !isVisible(thread, scope)) return null;
        return ofThread === null || row.threadId === ofThread ? row : null;
      },
      find: async (id) => rows.runs.get(id) ?? null,
      inflight: async (id) =>
        runsOf(id).flatMap(({ id, status, attempt }) =>
          status === "pending" || status === "running" ? [{ id, status, attempt }] : [],
        ),
      active: async ({ status, before, limit }, scope) =>
        [...rows.runs.values()]
          .map((run, seq) => ({ run, seq }))
          .filter(({ run, seq }) => !isTerminal(run.status) && (before === null || seq < before))
          .filter(({ run }) => status === "all" || run.status === status)
          .filter(({ run }) => isVisible(rows.threads.get(run.threadId)!, scope))
          .toReversed()
          .slice(0, limit)
          .map(({ run, seq }) => ({ runId: run.id, threadId: run.threadId, seq })),
      delete: async (id) => void rows.runs.delete(id),
      requestCancel: async (ids, action) =>
        ids.flatMap((id): CancelledRun[] => {
          const row = rows.runs.get(id);
          if (row === undefined || isTerminal(row.status)) return [];
          const named = { runId: id, threadId: row.threadId, ring: null };
          if (row.status === "running") {
            rows.runs.set(id, { ...row, cancelAction: action });
            return [{ ...named, state: "marked" }];
          }
          if (action === "rollback" && row.attempt > 0) {
            rows.runs.set(id, { ...row, cancelAction: action });
            return [{ ...named, state: "waiting", ring: { runId: id, threadId: row.threadId, fence: row.fence } }];
          }
          if (action === "rollback") rows.runs.delete(id);
          else rows.runs.set(id, { ...row, status: "interrupted" });
          return [{ ...named, state: "done" }];
        }),
    }),
    checkpoints: partly<Repositories["checkpoints"]>("checkpoints", {}),
    items: partly<Repositories["items"]>("items", {}),
    crons: partly<Repositories["crons"]>("crons", {
      now: async () => ledger.time,
      claimDue: async ({ threads, limit, except }) =>
        [...rows.crons.values()]
          .filter(({ id, nextRunAt }) => nextRunAt !== null && nextRunAt <= ledger.time && !except.includes(id))
          .filter(({ threadId }) => (threadId === null) === (threads === "own"))
          .slice(0, limit)
          .map((cron) => ({
            cron,
            owner: cron.owner,
            slot: cron.nextRunAt!,
            now: ledger.time,
            threadIsFree: cron.threadId === null || cron.threadId !== ledger.lockedThread,
            isTaken: false,
          })),
      recordFirings: async (wanted) => {
        const taken = wanted.filter(
          ({ cronId, slot }) => rows.crons.get(cronId)?.nextRunAt?.getTime() === slot.getTime(),
        );
        for (const firing of taken) {
          rows.crons.set(firing.cronId, { ...rows.crons.get(firing.cronId)!, nextRunAt: firing.next });
          firings.push(firing);
        }
        return new Set(taken.map(({ cronId }) => cronId));
      },
      delete: async (id) => rows.crons.delete(id),
    }),
    deliveries: partly<Repositories["deliveries"]>("deliveries", {}),
  };

  let last: Promise<unknown> = Promise.resolve();
  const ledger: FakeLedger = {
    ...repositories,
    rows,
    inserted,
    firings,
    time: LONG_AGO,
    lockedThread: null,
    meanwhile: null,
    addAssistant(assistant) {
      rows.assistants.set(assistant.id, assistant);
      return assistant;
    },
    addThread({ streamSeq = 0, resting = "idle", ...facts } = {}) {
      const row = { ...aThread(facts), streamSeq, resting, temporary: false };
      rows.threads.set(row.id, row);
      return row;
    },
    addRun(facts = {}) {
      const run = aRun(facts);
      rows.runs.set(run.id, run);
      return run;
    },
    transaction(work) {
      const mine = last.then(() => transact(work));
      last = mine.catch(() => undefined);
      return mine;
    },
    ping: () => Promise.resolve(),
  };
  return ledger;

  async function transact<T>(work: (tx: Repositories) => Promise<T>): Promise<T> {
    const others = ledger.meanwhile;
    ledger.meanwhile = null;
    others?.();

    const before = { threads: new Map(rows.threads), runs: new Map(rows.runs), crons: new Map(rows.crons) };
    try {
      return await work(repositories);
    } catch (error) {
      Object.assign(rows, before);
      throw error;
    }
  }

  async function visibleThread(id: ThreadId, scope: Scope) {
    const row = rows.threads.get(id);
    return row !== undefined && isVisible(row, scope) ? row : null;
  }

  function insertRun(wanted: NewRun): Run {
    inserted.push(wanted);
    const { auth: _auth, afterSeconds, ...run } = wanted;
    const made = aRun(run);
    const row = { ...made, runAfter: new Date(made.createdAt.getTime() + afterSeconds * 1000) };
    rows.runs.set(row.id, row);
    return row;
  }
}

/** Remembers what was announced. */
export function fakeSignals(): Signals & { readonly announced: Changes[] } {
  const announced: Changes[] = [];
  return { announced, announce: async (changes) => void announced.push(changes) };
}

/** Tapes in memory. A reader is served what is there and then waits until a test adds or pokes. */
export class FakeTapes implements Pick<StreamBus, "read" | "replay" | "announce" | "poke" | "remove"> {
  readonly #entries = new Map<ThreadId, TapeEntry[]>();
  readonly #readers = new Set<(signal: TapeSignal | null) => void>();
  #whenWaiting: (() => void)[] = [];
  readonly poked: ThreadId[] = [];

  /** Writes to thread's tape; readers hear of it at once. */
  add(threadId: ThreadId, ...entries: readonly TapeEntry[]): void {
    this.keep(threadId, ...entries);
    for (const wake of this.#readers) wake(null);
  }

  /** Writes to the tape behind its readers' backs: the wake-up got lost. */
  keep(threadId: ThreadId, ...entries: readonly TapeEntry[]): void {
    this.#entries.set(threadId, [...(this.#entries.get(threadId) ?? []), ...entries]);
  }

  /** Redis forgot. */
  lose(): void {
    this.#entries.clear();
  }

  idle(): void {
    for (const wake of this.#readers) wake({ kind: "idle" });
  }

  /** Resolves when a reader has read all there is and waits for more. */
  async waiting(): Promise<void> {
    if (this.#readers.size === 0) await new Promise<void>((resolve) => this.#whenWaiting.push(resolve));
  }

  get readers(): number {
    return this.#readers.size;
  }

  async *read(
    threadId: ThreadId,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  ): AsyncGenerator<TapeSignal> {
    let seq = after;
    while (!signal.aborted) {
      const [next] = this.#after(threadId, seq);
      if (next !== undefined) {
        seq = next.seq;
        yield { kind: "entry", entry: next };
        continue;
      }
      const heard = await this.#nextHint(signal);
      if (heard !== null) yield heard;
    }
  }

  async *replay(threadId: ThreadId, after: number): AsyncGenerator<TapeEntry> {
    yield* this.#after(threadId, after);
  }

  async announce(threadId: ThreadId, { seq, event, data }: TapeEvent & { readonly seq: number }): Promise<void> {
    this.add(threadId, { seq, runId: null, n: -1, attempt: 0, event, ns: [], at: 0, data });
  }

  async poke(threadId: ThreadId): Promise<void> {
    this.poked.push(threadId);
    for (const wake of this.#readers) wake({ kind: "poke" });
  }

  async remove(threadId: ThreadId): Promise<void> {
    this.#entries.delete(threadId);
  }

  #after(threadId: ThreadId, seq: number): readonly TapeEntry[] {
    return (this.#entries.get(threadId) ?? []).filter((entry) => entry.seq > seq);
  }

  async #nextHint(signal: AbortSignal): Promise<TapeSignal | null> {
    const hint = new Promise<TapeSignal | null>((resolve) => {
      const wake = (heard: TapeSignal | null) => {
        this.#readers.delete(wake);
        resolve(heard);
      };
      this.#readers.add(wake);
      signal.addEventListener("abort", () => wake(null), { once: true });
    });
    for (const tell of this.#whenWaiting.splice(0)) tell();
    return await hint;
  }
}

/** The bus of use cases that only read. */
export const asBus = (tapes: FakeTapes): StreamBus => ({
  open: () => Promise.reject(new Error("only workers open tapes")),
  read: (id, options) => tapes.read(id, options),
  replay: (id, after) => tapes.replay(id, after),
  announce: (id, news) => tapes.announce(id, news),
  poke: (id) => tapes.poke(id),
  remove: (id) => tapes.remove(id),
});
