import type { Scope } from "../auth/scope.js";
import type { ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { Page } from "../page.js";
import type {
  LockedThread,
  NewThread,
  Thread,
  ThreadFilter,
  ThreadQuery,
  ThreadSnapshot,
  ThreadStatus,
} from "./thread.js";

export interface ThreadRepository {
  /** @returns null when the id is taken, whoever owns it. */
  insert(thread: NewThread): Promise<Thread | null>;
  get(id: ThreadId, scope: Scope): Promise<Thread | null>;
  /** The values of any thread, temporary ones too: for the machinery. Null when there are none. */
  valuesOf(id: ThreadId): Promise<Json>;
  /** Locks the row until the transaction ends. Admission, settlement and state updates of a thread queue up here. */
  lock(id: ThreadId, scope: Scope): Promise<LockedThread | null>;
  search(query: ThreadQuery, scope: Scope): Promise<Page<Partial<Thread>>>;
  count(filter: ThreadFilter, scope: Scope): Promise<number>;
  /** Merges `metadata` one level deep. */
  patch(id: ThreadId, patch: { readonly metadata: JsonObject }, scope: Scope): Promise<Thread | null>;
  /** Removes the thread with its runs, checkpoints and crons. @returns false when there is none. */
  delete(id: ThreadId, scope: Scope): Promise<boolean>;
  /** A run was admitted: the thread is busy and, when it was free, takes over the run's graph and config. */
  markBusy(
    id: ThreadId,
    takeOver: { readonly metadata: JsonObject; readonly config: JsonObject } | null,
  ): Promise<void>;
  /** A run that never started was taken away. */
  setStatus(id: ThreadId, status: ThreadStatus): Promise<void>;
  /** The state was edited by hand. Clears the error. */
  saveState(id: ThreadId, snapshot: ThreadSnapshot, status: ThreadStatus): Promise<void>;
}
