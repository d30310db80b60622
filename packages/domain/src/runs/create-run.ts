import { resolveAssistant } from "../assistants/resolve-assistant.js";
import type { Assistant } from "../assistants/assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { threadBusy, threadNotFound } from "../errors.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import type { Ids, RunId, ThreadId } from "../ids.js";
import type { Repositories, Storage } from "../storage.js";
import type { LockedThread } from "../threads/thread.js";
import { admitRun } from "./admit-run.js";
import { mergeRun } from "./merge-run.js";
import type { Run } from "./run.js";
import type { CancelledRun } from "./run-repository.js";
import type { RunRequest } from "./run-request.js";
import type { Signals } from "./signal-changes.js";

export interface CreateRunDeps {
  readonly storage: Storage;
  readonly graphs: GraphCatalog;
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly ids: Ids;
}

/**
 * Writes runs into the ledger, then rings for them. When this returns, the runs are acknowledged: they will end, whatever
 * dies. Admission is atomic per thread, because everything happens under the thread's lock. Several requests are
 * admitted all together or not at all.
 */
export function makeCreateRuns({ storage, graphs, authorizer, signals, ids }: CreateRunDeps) {
  return async function createRuns(requests: readonly RunRequest[], caller: Caller): Promise<readonly Run[]> {
    const planned = await Promise.all(requests.map((request) => plan(request, caller)));
    const admitted = await storage.transaction(async (tx) => {
      const results = [];
      for (const one of planned) results.push(await admit(tx, one, caller));
      return results;
    });

    await signals.announce({
      rings: admitted.filter(({ waits }) => !waits).map(({ run, ring }) => ({ ...ring, delayMs: delayOf(run) })),
      cancelled: admitted.flatMap(({ cancelled }) => cancelled),
    });
    return admitted.map(({ run }) => run);
  };

  /** Everything that can be decided before the thread is locked. */
  async function plan(request: RunRequest, caller: Caller): Promise<Planned> {
    const reading = await authorizer.authorize(caller, "assistants:read", { assistant_id: request.assistant });
    const assistant = await resolveAssistant(
      request.assistant,
      { assistants: storage.assistants, graphs },
      reading.scope,
    );
    const runId = ids.run();
    const threadId = request.threadId ?? ids.thread();
    const { scope, value } = await authorizer.authorize(caller, "threads:create_run", {
      thread_id: threadId,
      assistant_id: assistant.id,
      run_id: runId,
      status: "pending",
      metadata: request.metadata,
      multitask_strategy: request.multitaskStrategy,
      if_not_exists: request.ifNotExists,
      after_seconds: request.afterSeconds,
      prevent_insert_if_inflight: request.multitaskStrategy === "reject",
      kwargs: { input: request.input, config: request.config, context: request.context },
    });
    return { request: { ...request, metadata: value.metadata }, assistant, runId, threadId, scope };
  }

  async function admit(tx: Repositories, planned: Planned, caller: Caller) {
    const { request, assistant, runId, threadId, scope } = planned;
    const ownThread = request.threadId === null;
    const found = ownThread ? null : await tx.threads.lock(threadId, scope);
    if (found === null && !ownThread && request.ifNotExists === "reject") throw threadNotFound(threadId);

    const thread = found ?? (await makeThread(tx, planned, caller));
    // Only now: the thread may turn out to be another request's, with settings of its own.
    const merged = mergeRun(request, { assistant, thread, runId, threadId, caller });

    const inflight = ownThread ? [] : await tx.runs.inflight(threadId);
    const admission = admitRun(
      request.multitaskStrategy,
      inflight.map(({ id }) => id),
    );
    if (admission.kind === "refuse") throw threadBusy(admission.busyWith);

    const run = await tx.runs.insert({
      id: runId,
      threadId,
      assistantId: assistant.id,
      metadata: merged.metadata,
      spec: merged.spec,
      auth: { identity: caller.identity, permissions: caller.permissions, user: caller.user },
      multitaskStrategy: request.multitaskStrategy,
      afterSeconds: request.afterSeconds,
      tapeFrom: thread.streamSeq,
    });
    const cancelled: readonly CancelledRun[] =
      admission.kind === "replace" ? await tx.runs.requestCancel(admission.cancel, admission.action) : [];
    await tx.threads.markBusy(threadId, inflight.length === 0 ? merged.thread : null);

    return {
      run,
      cancelled,
      ring: { runId, threadId, fence: run.fence },
      // The settler of a running run rings for the next one; a ring now would find the thread taken.
      waits: inflight.some(({ status }) => status === "running"),
    };
  }

  async function makeThread(
    tx: Repositories,
    { request, assistant, runId, threadId: id, scope }: Planned,
    caller: Caller,
  ): Promise<LockedThread> {
    const blank = { metadata: {}, config: {} };
    const { thread, spec } = mergeRun(request, { assistant, thread: blank, runId, threadId: id, caller });
    const metadata = { ...thread.metadata, ...request.metadata };
    const made = await tx.threads.insert({ id, metadata, config: thread.config, temporary: spec.temporary });
    if (made !== null) return { ...made, streamSeq: 0 };

    // Another request made it first. If it is ours to see, both runs share it.
    const theirs = await tx.threads.lock(id, scope);
    if (theirs === null) throw threadNotFound(id);
    return theirs;
  }
}

interface Planned {
  readonly request: RunRequest;
  readonly assistant: Assistant;
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly scope: Scope;
}

const delayOf = (run: Run): number => Math.max(0, run.runAfter.getTime() - run.createdAt.getTime());
