import type { Assistant } from "../assistants/assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { insideBoth, type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import { sealingFor } from "../encryption/encryption-context.js";
import { threadBusy, threadNotFound } from "../errors.js";
import type { Ids, RunId, ThreadId } from "../ids.js";
import { isObject, type Json, objectOrEmpty } from "../json.js";
import type { Repositories } from "../storage.js";
import type { WebhookGate } from "../webhooks/webhook-gate.js";
import type { LockedThread } from "../threads/thread.js";
import { admitRun } from "./admit-run.js";
import { type MergedRun, mergeRun } from "./merge-run.js";
import type { NewRun, Run } from "./run.js";
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

/** What a transaction wrote of a run. Nobody was told yet. */
export interface Admitted {
  readonly cancelled: readonly CancelledRun[];
  readonly ring: Ring;
  /** Another run of its thread executes; whoever settles that one rings for this one. */
  readonly waits: boolean;
}

export interface AdmittedRun extends Admitted {
  readonly run: Run;
}

/**
 * The two halves of creating a run: `plan` decides, `admit` writes. `admit` works in the transaction it is given, so that
 * a run can become true together with something else; announce its {@link changesOf} after the commit.
 */
export function makeRunAdmission({ authorizer, ids, webhookGate }: RunAdmissionDeps) {
  return { plan, admit, admitOnOwnThreads };

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

  /** What is written is written for the caller, who may be another one than whose request this is. */
  function admit(tx: Repositories, planned: PlannedRun): Promise<AdmittedRun> {
    return sealingFor(planned.caller.encryptionContext, () => write(tx, planned));
  }

  async function write(tx: Repositories, planned: PlannedRun): Promise<AdmittedRun> {
    const { request, assistant, caller, runId, threadId, scope } = planned;
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

    const run = await tx.runs.insert(newRun(planned, merged, thread.streamSeq));
    const cancelled: readonly CancelledRun[] =
      admission.kind === "replace" ? await tx.runs.requestCancel(admission.cancel, admission.action) : [];
    await tx.threads.markBusy(threadId, inflight.length === 0 ? merged.thread : null);

    return {
      run,
      cancelled,
      ring: ringFor(planned, run.fence),
      // The settler of a running run rings for the next one; a ring now would find the thread taken.
      waits: inflight.some(({ status }) => status === "running"),
    };
  }

  /** Many at once, none of which says on which thread: nothing is in their way, so two statements write them all. */
  async function admitOnOwnThreads(tx: Repositories, planned: readonly PlannedRun[]): Promise<readonly Admitted[]> {
    for (const alike of byEncryptionContext(planned)) {
      const made = alike.map((one) => {
        const thread = firstThreadOf(one);
        return { one, thread, merged: mergeRun(one.request, { ...one, thread }) };
      });
      await sealingFor(alike[0]?.caller.encryptionContext, () =>
        tx.threads.insertBusy(made.map(({ thread, merged }) => ({ ...thread, takeOver: merged.thread }))),
      );
      await tx.runs.insertMany(made.map(({ one, merged }) => newRun(one, merged, 0)));
    }
    return planned.map((one) => ({ cancelled: [], ring: ringFor(one, 0), waits: false }));
  }

  async function makeThread(tx: Repositories, planned: PlannedRun): Promise<LockedThread> {
    const { threadId: id, scope } = planned;
    const made = await tx.threads.insert(firstThreadOf(planned));
    if (made !== null) return { ...made, streamSeq: 0 };

    // Another request made it first. If it is ours to see, both runs share it.
    const theirs = await tx.threads.lock(id, scope);
    if (theirs === null) throw threadNotFound(id);
    return theirs;
  }
}

/** Runs that are sealed alike: all of them, unless callers said otherwise. */
function byEncryptionContext(planned: readonly PlannedRun[]): readonly (readonly PlannedRun[])[] {
  const groups = new Map<string, PlannedRun[]>();
  for (const one of planned) {
    const name = JSON.stringify(one.caller.encryptionContext ?? {});
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(one);
  }
  return [...groups.values()];
}

/** A thread that is made for this run, as it is before the run. */
function firstThreadOf(planned: PlannedRun) {
  const { request, threadId: id } = planned;
  const { thread, spec } = mergeRun(request, { ...planned, thread: { metadata: {}, config: {} } });
  const metadata = { ...thread.metadata, ...request.metadata };
  return { id, metadata, config: thread.config, temporary: spec.temporary };
}

const newRun = (planned: PlannedRun, merged: MergedRun, tapeFrom: number): NewRun => ({
  id: planned.runId,
  threadId: planned.threadId,
  assistantId: planned.assistant.id,
  metadata: merged.metadata,
  spec: merged.spec,
  auth: {
    identity: planned.caller.identity,
    permissions: planned.caller.permissions,
    user: planned.caller.user,
    ...encryptionContextOf(planned.caller),
  },
  multitaskStrategy: planned.request.multitaskStrategy,
  afterSeconds: planned.request.afterSeconds,
  tapeFrom,
  priority: planned.priority,
  webhook: planned.webhook,
});

const encryptionContextOf = ({ encryptionContext }: Caller) =>
  encryptionContext === undefined ? {} : { encryptionContext };

const ringFor = ({ runId, threadId, priority, request }: PlannedRun, fence: number): Ring => ({
  runId,
  threadId,
  fence,
  delayMs: Math.max(0, request.afterSeconds * 1000),
  ...(priority === 0 ? {} : { priority }),
});

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
export const changesOf = (admitted: readonly Admitted[]): Changes => ({
  rings: admitted.filter(({ waits }) => !waits).map(({ ring }) => ring),
  cancelled: admitted.flatMap(({ cancelled }) => cancelled),
});
