import type { Scope } from "../auth/scope.js";
import type { CronId, RunId } from "../ids.js";
import type { Page } from "../page.js";
import type { Cron, CronChanges, CronFilter, CronOwner, CronQuery, NewCron } from "./cron.js";

/** A cron whose moment has come, locked by the transaction that asked. */
export interface DueCron {
  readonly cron: Cron;
  readonly owner: CronOwner;
  /** The moment it was planned for. */
  readonly slot: Date;
  /** The ledger's time. */
  readonly now: Date;
  /** False when its thread is locked by somebody else just now. Else it is locked by us too. */
  readonly threadIsFree: boolean;
  /** It fired for this slot before. */
  readonly isTaken: boolean;
  /** Why nobody can tell what it is to start; then what users wrote is as it is stored. */
  readonly unreadable?: Error;
}

/** One moment of one cron, taken care of. `runId` is null when there was nothing to run. */
export interface Firing {
  readonly cronId: CronId;
  readonly slot: Date;
  readonly runId: RunId | null;
  readonly next: Date | null;
}

/** Which crons to claim. */
export interface DueCrons {
  /** `own`: those whose firings make threads of their own. `given`: those on a thread that somebody made. */
  readonly threads: "own" | "given";
  readonly limit: number;
  /** These are left out. */
  readonly except: readonly CronId[];
}

export interface CronRepository {
  insert(cron: NewCron): Promise<Cron>;
  get(id: CronId, scope: Scope): Promise<Cron | null>;
  /** Locks the row until the transaction ends. */
  lock(id: CronId, scope: Scope): Promise<Cron | null>;
  search(query: CronQuery, scope: Scope): Promise<Page<Cron>>;
  count(filter: CronFilter, scope: Scope): Promise<number>;
  /** Call with the row locked. */
  update(id: CronId, changes: CronChanges): Promise<Cron>;
  delete(id: CronId, scope: Scope): Promise<boolean>;
  /** What time it is. Processes may disagree; schedules are computed from this. */
  now(): Promise<Date>;
  /**
   * Locks crons that are due and that nobody else works on, longest wait first, and their threads. Never waits for a lock,
   * so holding one here can block nobody for good.
   */
  claimDue(which: DueCrons): Promise<readonly DueCron[]>;
  /** Takes slots, at most one of each cron, and plans the next ones. @returns whose slot had not been taken before. */
  recordFirings(firings: readonly Firing[]): Promise<ReadonlySet<CronId>>;
  /** Forgets firings that happened longer ago. @returns how many. */
  sweepFirings(olderThanSeconds: number, limit: number): Promise<number>;
}
