import type { Scope } from "../auth/scope.js";
import type { ThreadId } from "../ids.js";
import type { Json } from "../json.js";
import type { Page } from "../page.js";
import type {
  ExpiredBatch,
  FoundThread,
  LockedThread,
  NewBusyThread,
  NewThread,
  Thread,
  ThreadFilter,
  ThreadPatch,
  ThreadQuery,
  ThreadSnapshot,
  ThreadStatus,
  ThreadTakeOver,
} from "./thread.js";

export interface ThreadRepository {
  /**
   * A thread without a lifetime gets that of the project, if it has one; a temporary one never does.
   * @returns null when the id is taken, whoever owns it.
   */
  insert(thread: NewThread): Promise<Thread | null>;
  /** Many at once, as `insert` and then `markBusy` leave them. @throws when an id is taken. */
  insertBusy(threads: readonly NewBusyThread[]): Promise<void>;
  get(id: ThreadId, scope: Scope): Promise<Thread | null>;
  /** A thread without its values, which may be large. */
  peek(id: ThreadId, scope: Scope): Promise<LockedThread | null>;
  /** The values of any thread, temporary ones too: for the machinery. Null when there are none. */
  valuesOf(id: ThreadId): Promise<Json>;
  /** Locks the row until the transaction ends. Admission, settlement and state updates of a thread queue up here. */
  lock(id: ThreadId, scope: Scope): Promise<LockedThread | null>;
  /** The total is exact up to some thousands of matches; of more it says that there are more. */
  search(query: ThreadQuery, scope: Scope): Promise<Page<FoundThread>>;
  /** Exact, however many. */
  count(filter: ThreadFilter, scope: Scope): Promise<number>;
  patch(id: ThreadId, patch: ThreadPatch, scope: Scope): Promise<Thread | null>;
  /**
   * Makes a thread with the state of another one: its values, interrupts, config, and all its checkpoints as of one
   * moment. Runs and the lifetime are not copied: like every new thread it gets the project's. @returns null when the
   * other one is not there.
   */
  copy(from: ThreadId, to: Pick<NewThread, "id" | "metadata">, scope: Scope): Promise<Thread | null>;
  /** Removes the thread with its runs, checkpoints and crons. @returns false when there is none. */
  delete(id: ThreadId, scope: Scope): Promise<boolean>;
  /** A run was admitted: the thread is busy and, when it was free, takes over the run's graph, config and context. */
  markBusy(id: ThreadId, takeOver: ThreadTakeOver | null): Promise<void>;
  /**
   * The last run in flight was taken away while it waited: the thread is what its last ending made of it. A run that
   * never started has no ending, so an interrupted thread still waits for its answer, and a failed one is still failed.
   */
  rest(id: ThreadId): Promise<void>;
  /**
   * The state was edited by hand. Clears the error. Call with the thread locked and no run of it in flight.
   * @returns a tape number for the news of it.
   */
  saveState(id: ThreadId, snapshot: ThreadSnapshot, status: ThreadStatus): Promise<number>;

  /**
   * Does to threads whose time is over what their lifetimes say: removes them, or their past. Those with a run that is not
   * over stay, however late it is. One short transaction; threads that others work on are left for the next.
   */
  expire(bounds: ExpiryBounds): Promise<ExpiredBatch>;
  /** How many threads wait for `expire`; of more than `upTo` it says that there are more. */
  countExpired(upTo: number): Promise<number>;
}

/** What one transaction of `expire` may do. */
export interface ExpiryBounds {
  readonly threads: number;
  /** Rows of checkpoints. A thread that has more loses its past piece by piece first, each time a whole number of steps. */
  readonly rows: number;
}
