import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { alreadyExists, threadHasNoGraph, threadNotFound } from "../errors.js";
import type { GraphStates } from "../graphs/graph-engine.js";
import type { PreparedUpdate, SuperstepUpdate } from "../graphs/state.js";
import type { Ids, ThreadId } from "../ids.js";
import { type Json, type JsonObject, objectOrEmpty } from "../json.js";
import type { Repositories, Storage } from "../storage.js";
import type { NewThread, Thread, TtlWish } from "./thread.js";

export interface CreateThreadDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly states: Pick<GraphStates, "prepareSupersteps">;
  readonly ids: Ids;
}

export interface CreateThreadRequest {
  readonly id: ThreadId | null;
  readonly metadata: JsonObject;
  readonly ifExists: "raise" | "do_nothing";
  readonly ttl?: TtlWish;
  /** A history to begin with: one checkpoint per superstep. Needs `metadata.graph_id`. */
  readonly supersteps: readonly (readonly SuperstepUpdate[])[];
}

/** Makes a thread, empty or with a history that is replayed onto it. */
export function makeCreateThread({ storage, authorizer, states, ids }: CreateThreadDeps) {
  /**
   * @throws DomainError `already_exists` when the id is taken, by anybody; `malformed_request` for supersteps without a
   *   graph; what the graph says when it refuses them.
   */
  return async function createThread(request: CreateThreadRequest, caller: Caller): Promise<Thread> {
    const id = request.id ?? ids.thread();
    const { ifExists, ttl, supersteps } = request;
    const { scope, value } = await authorizer.authorize(caller, "threads:create", {
      thread_id: id,
      metadata: request.metadata,
      if_exists: ifExists,
      ...(ttl === undefined ? {} : { ttl: ttlValue(ttl) }),
    });
    const thread: NewThread = { id, metadata: objectOrEmpty(value.metadata), ...(ttl === undefined ? {} : { ttl }) };
    const made = supersteps.length === 0 ? await storage.threads.insert(thread) : await replay(thread);
    if (made !== null) return made;

    const existing = ifExists === "do_nothing" ? await storage.threads.get(id, scope) : null;
    if (existing === null) throw alreadyExists("Thread");
    return existing;

    async function replay({ metadata }: NewThread): Promise<Thread | null> {
      if (typeof metadata.graph_id !== "string") throw threadHasNoGraph(id);
      const update = await authorizer.authorize(caller, "threads:update", { thread_id: id, metadata });
      const graph = { id, graphId: metadata.graph_id, config: {} };
      const prepared = await states.prepareSupersteps(graph, supersteps);
      return await storage.transaction((tx) => insertWithState(tx, thread, prepared, update.scope));
    }
  };
}

export type CreateThread = ReturnType<typeof makeCreateThread>;

/** A thread that nobody ran on is idle, even when its history leaves work to do. */
async function insertWithState(
  tx: Repositories,
  thread: NewThread,
  prepared: PreparedUpdate,
  scope: Scope,
): Promise<Thread | null> {
  const { id } = thread;
  if ((await tx.threads.insert(thread)) === null) return null;
  for (const batch of prepared.batches) await tx.checkpoints.write(batch, null);
  await tx.threads.saveState(id, prepared.snapshot, "idle");
  const made = await tx.threads.get(id, scope);
  // Who may create it but not edit it.
  if (made === null) throw threadNotFound(id);
  return made;
}

/** A lifetime in wire names, for authorization handlers. */
export const ttlValue = ({ minutes, strategy }: TtlWish): Json => ({ ttl: minutes, strategy });
