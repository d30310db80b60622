import type { Assistant } from "../assistants/assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { insideBoth, type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import { threadBusy, threadNotFound } from "../errors.js";
import type { Ids, RunId, ThreadId } from "../ids.js";
import { isObject, type Json, objectOrEmpty } from "../json.js";
import type { Repositories } from "../storage.js";
import type { WebhookGate } from "../webhooks/webhook-gate.js";
import type { LockedThread } from "../threads/thread.js";
import { admitRun } from "./admit-run.js";
import { mergeRun } from "./merge-run.js";
import type { Run } from "./run.js";
import type { CancelledRun } from "./run-repository.js";
import type { RunRequest } from "./run-request.js";
import type { Changes } from "./signal-changes.js";
import type { Ring } from "./signals.js";

/** A run about which everything is decided that can be decided before its thread is locked. */
export interface PlannedRun {
  readonly request: RunRequest;
  readonly assistant: Assistant;
  readonly caller: Caller;
  readonly runId: RunId;
  readonly threadId: ThreadId;
  readonly scope: Scope;
  readonly priority: number;
  /** Where its end is to be told. */
  readonly webhook: string | null;
}

export interface RunAdmissionDeps {
  readonly authorizer: Authorizer;
  readonly ids: Ids;
  /** Looks at URLs that runs want to be told on; without it, only the delivery does. */
  readonly webhookGate?: WebhookGate;
}

/** A run as its transaction wrote it. Nobody was told yet. */
export interface AdmittedRun {
  readonly run: Run;
  readonly cancelled: readonly CancelledRun[];
  readonly ring: Ring;
  /** Another run of its thread executes; whoever settles that one rings for this one. */
  readonly waits: boolean;
}

/**
 * The two halves of creating a run: `plan` decides, `admit` writes. `admit` works in the transaction it is given, so that
 * a run can become true together with something else; announce its {@link changesOf} after the commit.
 */
export function makeRunAdmission({ authorizer, ids, webhookGate }: RunAdmissionDeps) {
  return { plan, admit };

  /** `within` is what the caller may see besides what the authorizer says now. */
  async function plan(
    request: RunRequest,
    assistant: Assistant,
    caller: Caller,
    { within = WHOLE_HOUSE, priority = 0 }: { readonly within?: Scope; readonly priority?: number } = {},
  ): Promise<PlannedRun> {
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
    return {
      request: asAllowed(request, value),
      assistant,
      caller,
      runId,
      threadId,
      scope: insideBoth(within, scope),
      priority,
      webhook: await admittedWebhook(request.webhook),
    };
  }

  /** Only once the caller is known to be one who may create runs: looking at a URL can mean asking a name server. */
  async function admittedWebhook(url: string | null): Promise<string | null> {
    return url === null || webhookGate === undefined ? url : await webhookGate.admit(url);
  }

  async function admit(tx: Repositories, planned: PlannedRun): Promise<AdmittedRun> {
    const { request, assistant, caller, runId, threadId, scope, priority } = planned;
    const ownThread = request.threadId === null;
    const found = ownThread ? null : await tx.threads.lock(threadId, scope);
    if (found === null && !ownThread && request.ifNotExists === "reject") throw threadNotFound(threadId);

    const thread = found ?? (await makeThread(tx, planned));
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
      priority,
      webhook: planned.webhook,
    });
    const cancelled: readonly CancelledRun[] =
      admission.kind === "replace" ? await tx.runs.requestCancel(admission.cancel, admission.action) : [];
    await tx.threads.markBusy(threadId, inflight.length === 0 ? merged.thread : null);

    return {
      run,
      cancelled,
      ring: { runId, threadId, fence: run.fence, ...(priority === 0 ? {} : { priority }) },
      // The settler of a running run rings for the next one; a ring now would find the thread taken.
      waits: inflight.some(({ status }) => status === "running"),
    };
  }

  async function makeThread(
    tx: Repositories,
    { request, assistant, caller, runId, threadId: id, scope }: PlannedRun,
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

/** The request as the authorizer left it. What it took away altogether stays as it was asked for. */
function asAllowed(
  request: RunRequest,
  { metadata, kwargs }: { readonly metadata: Json; readonly kwargs: Json },
): RunRequest {
  const { input = request.input, config, context = request.context } = objectOrEmpty(kwargs);
  return {
    ...request,
    metadata: objectOrEmpty(metadata),
    input,
    config: isObject(config) ? config : request.config,
    context,
  };
}

/** What the fleet should hear of once these runs are committed. */
export const changesOf = (admitted: readonly AdmittedRun[]): Changes => ({
  rings: admitted.filter(({ waits }) => !waits).map(({ run, ring }) => ({ ...ring, delayMs: delayOf(run) })),
  cancelled: admitted.flatMap(({ cancelled }) => cancelled),
});

const delayOf = (run: Run): number => Math.max(0, run.runAfter.getTime() - run.createdAt.getTime());
