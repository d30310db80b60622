/** What the ledger says when everything is quiet. Times are milliseconds since the epoch. */
export interface RunFact {
  readonly run: string;
  readonly thread: string;
  readonly seq: number;
  readonly status: string;
  readonly attempt: number;
  readonly leased: boolean;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly mark: string | null;
  readonly steps: number;
  /** The cron that made it. */
  readonly cron: string | null;
}

export interface FiringFact {
  readonly cron: string;
  /** The moment that it is for. */
  readonly at: number;
  readonly run: string | null;
}

export interface ThreadFact {
  readonly thread: string;
  readonly status: string;
  /** Its counter log, as the API shows the state; null when the thread has none. */
  readonly log: readonly string[] | null;
}

export interface Facts {
  readonly runs: readonly RunFact[];
  readonly threads: readonly ThreadFact[];
  readonly firings: readonly FiringFact[];
  /** Redis keys of the fleet's tapes that would stay for ever. */
  readonly immortalTapes: readonly string[];
  readonly connections: { readonly before: number; readonly after: number };
}

export interface Violation {
  readonly rule: string;
  readonly text: string;
}

/** Threads with their runs in the order in which they were admitted. */
export function byThread(runs: readonly RunFact[]): ReadonlyMap<string, readonly RunFact[]> {
  const threads = new Map<string, RunFact[]>();
  for (const run of [...runs].sort((a, b) => a.seq - b.seq)) {
    const others = threads.get(run.thread);
    if (others === undefined) threads.set(run.thread, [run]);
    else others.push(run);
  }
  return threads;
}
