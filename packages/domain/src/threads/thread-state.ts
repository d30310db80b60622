import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import {
  forbidden,
  invalidRequest,
  threadHasNoGraph,
  threadHasNoState,
  threadNotFound,
  threadStateBusy,
  unavailable,
} from "../errors.js";
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
import { type JsonObject, objectOrEmpty } from "../json.js";
import { STATE_UPDATE, type StreamBus } from "../runs/tape.js";
import type { Storage } from "../storage.js";
import type { LockedThread } from "./thread.js";
import { statusAfterUpdate } from "./thread-status.js";

export interface ThreadStateDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly states: GraphStates;
  readonly bus: Pick<StreamBus, "announce">;
}

/** Readers of a thread's stream come back within this time, or read the state itself. */
const NEWS_SECONDS = 120;

/** What the machinery writes into a checkpoint's metadata and reads again: not for users to change. */
const RESERVED = ["source", "step", "parents", "run_id", "thread_id", "checkpoint_ns"];

/** How often an update is computed again because somebody else wrote in between. */
const UPDATE_TRIES = 5;

/** Reading and editing the state of threads. */
export function makeThreadState({ storage, authorizer, states, bus }: ThreadStateDeps) {
  return {
    async getState(
      id: ThreadId,
      options: { readonly checkpoint?: CheckpointSelector; readonly subgraphs: boolean },
      caller: Caller,
    ): Promise<StateSnapshot> {
      const thread = await open(id, caller);
      const graph = graphThread(thread);
      return graph === null ? EMPTY_STATE : await states.get(graph, options);
    },

    /** Newest first; empty for a thread that never ran. */
    async getHistory(id: ThreadId, query: HistoryQuery, caller: Caller): Promise<readonly StateSnapshot[]> {
      const thread = await open(id, caller);
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
      const { thread, scope } = await openToWrite(id, caller);
      const graph = graphThread(thread);
      if (graph === null) throw threadHasNoGraph(id);
      if (thread.status === "busy") throw threadStateBusy();

      for (let attempt = 1; attempt <= UPDATE_TRIES; attempt++) {
        const prepared = await states.prepareUpdate(graph, update);
        const newsSeq = await write(id, prepared, scope);
        if (newsSeq === null) continue;
        const data = JSON.stringify(updateView(prepared));
        await bus.announce(id, { seq: newsSeq, event: STATE_UPDATE, data }, NEWS_SECONDS);
        return prepared.checkpoint;
      }
      throw unavailable("The thread's state kept changing while it was updated. Try again.");
    },

    /** Merges `metadata` into that of the newest checkpoint. @throws DomainError `thread_busy` like an update. */
    async patchState(id: ThreadId, metadata: JsonObject, caller: Caller): Promise<void> {
      const reserved = RESERVED.find((name) => Object.hasOwn(metadata, name));
      if (reserved !== undefined) throw invalidRequest(`metadata.${reserved} is set by the server`);
      const { scope, value } = await authorizer.authorize(caller, "threads:update", { thread_id: id, metadata });
      await storage.transaction(async (tx) => {
        if ((await tx.threads.lock(id, scope)) === null) throw threadNotFound(id);
        if ((await tx.runs.inflight(id)).length > 0) throw threadStateBusy();
        if (!(await tx.checkpoints.label(id, without(RESERVED, objectOrEmpty(value.metadata)))))
          throw threadHasNoState(id);
      });
    },
  };

  async function open(id: ThreadId, caller: Caller): Promise<LockedThread> {
    const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: id });
    const thread = await storage.threads.peek(id, scope);
    if (thread === null) throw threadNotFound(id);
    return thread;
  }

  /** The one place where the contract tells a thread of others from none: writing its state is forbidden, not "not found". */
  async function openToWrite(id: ThreadId, caller: Caller) {
    const { scope } = await authorizer.authorize(caller, "threads:update", { thread_id: id });
    const thread = await storage.threads.peek(id, scope);
    if (thread !== null) return { thread, scope };
    throw (await storage.threads.peek(id, WHOLE_HOUSE)) === null ? threadNotFound(id) : forbidden("Not authorized");
  }

  /** @returns the number of the news of it; null when the state is not the one that the update was computed from. */
  async function write(id: ThreadId, prepared: PreparedUpdate, scope: Scope): Promise<number | null> {
    return await storage.transaction(async (tx) => {
      const thread = await tx.threads.lock(id, scope);
      if (thread === null) throw threadNotFound(id);
      if ((await tx.runs.inflight(id)).length > 0) throw threadStateBusy();
      if ((await tx.checkpoints.head(id, "")) !== prepared.basedOn) return null;

      for (const batch of prepared.batches) await tx.checkpoints.write(batch, null);
      return await tx.threads.saveState(id, prepared.snapshot, statusAfterUpdate(thread.status, prepared.next.length));
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

const without = (keys: readonly string[], metadata: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !keys.includes(key)));

/** Null for a thread that no graph ever ran on. */
function graphThread({ id, metadata, config }: LockedThread): GraphThread | null {
  return typeof metadata.graph_id === "string" ? { id, graphId: metadata.graph_id, config } : null;
}

/** What readers of the thread's stream are told, in wire names. */
const updateView = ({ snapshot, next, checkpoint }: PreparedUpdate) => ({
  values: snapshot.values,
  next,
  interrupts: Object.values(snapshot.interrupts).flat(),
  checkpoint: {
    thread_id: checkpoint.threadId,
    checkpoint_ns: checkpoint.checkpointNs,
    checkpoint_id: checkpoint.checkpointId ?? null,
    checkpoint_map: checkpoint.checkpointMap ?? null,
  },
});
