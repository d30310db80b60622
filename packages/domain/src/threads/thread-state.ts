import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { threadHasNoGraph, threadNotFound, threadStateBusy, unavailable } from "../errors.js";
import type { GraphStates } from "../graphs/graph-engine.js";
import type {
  CheckpointRef,
  CheckpointSelector,
  GraphThread,
  HistoryQuery,
  PreparedUpdate,
  StateSnapshot,
  StateUpdate,
} from "../graphs/state.js";
import type { ThreadId } from "../ids.js";
import type { Storage } from "../storage.js";
import type { Thread } from "./thread.js";
import { statusAfterUpdate } from "./thread-status.js";

export interface ThreadStateDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly states: GraphStates;
}

/** How often an update is computed again because somebody else wrote in between. */
const UPDATE_TRIES = 5;

/** Reading and editing the state of threads. */
export function makeThreadState({ storage, authorizer, states }: ThreadStateDeps) {
  return {
    async getState(
      id: ThreadId,
      options: { readonly checkpoint?: CheckpointSelector; readonly subgraphs: boolean },
      caller: Caller,
    ): Promise<StateSnapshot> {
      const { thread } = await open(id, "threads:read", caller);
      const graph = graphThread(thread);
      return graph === null ? EMPTY_STATE : await states.get(graph, options);
    },

    /** Newest first; empty for a thread that never ran. */
    async getHistory(id: ThreadId, query: HistoryQuery, caller: Caller): Promise<readonly StateSnapshot[]> {
      const { thread } = await open(id, "threads:read", caller);
      const graph = graphThread(thread);
      return graph === null ? [] : await states.history(graph, query);
    },

    /**
     * Edits the state as if a node had returned `values`. The new checkpoint is computed first and then written under
     * the thread's lock, so an update and a run can never interleave.
     *
     * @throws DomainError `thread_busy` while a run of the thread is pending or running.
     */
    async updateState(id: ThreadId, update: StateUpdate, caller: Caller): Promise<CheckpointRef> {
      const { thread, scope } = await open(id, "threads:update", caller);
      const graph = graphThread(thread);
      if (graph === null) throw threadHasNoGraph(id);
      if (thread.status === "busy") throw threadStateBusy();

      for (let attempt = 1; attempt <= UPDATE_TRIES; attempt++) {
        const prepared = await states.prepareUpdate(graph, update);
        if (await write(id, prepared, scope)) return prepared.checkpoint;
      }
      throw unavailable("The thread's state kept changing while it was updated. Try again.");
    },
  };

  async function open(id: ThreadId, event: "threads:read" | "threads:update", caller: Caller) {
    const { scope } = await authorizer.authorize(caller, event, { thread_id: id });
    const thread = await storage.threads.get(id, scope);
    if (thread === null) throw threadNotFound(id);
    return { thread, scope };
  }

  /** @returns false when the state is no longer the one that the update was computed from. */
  async function write(id: ThreadId, prepared: PreparedUpdate, scope: Scope): Promise<boolean> {
    return await storage.transaction(async (tx) => {
      const thread = await tx.threads.lock(id, scope);
      if (thread === null) throw threadNotFound(id);
      if ((await tx.runs.inflight(id)).length > 0) throw threadStateBusy();
      if ((await tx.checkpoints.head(id, "")) !== prepared.basedOn) return false;

      for (const batch of prepared.batches) await tx.checkpoints.write(batch, null);
      await tx.threads.saveState(id, prepared.snapshot, statusAfterUpdate(thread.status, prepared.next.length));
      return true;
    });
  }
}

export type ThreadState = ReturnType<typeof makeThreadState>;

const EMPTY_STATE: StateSnapshot = {
  values: {},
  next: [],
  tasks: [],
  metadata: {},
  createdAt: null,
  checkpoint: null,
  parentCheckpoint: null,
};

/** Null for a thread that no graph ever ran on. */
function graphThread({ id, metadata, config }: Thread): GraphThread | null {
  return typeof metadata.graph_id === "string" ? { id, graphId: metadata.graph_id, config } : null;
}
