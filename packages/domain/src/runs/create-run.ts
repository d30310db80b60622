import { assistantToRun } from "../assistants/resolve-assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import type { Ids } from "../ids.js";
import type { Storage } from "../storage.js";
import type { WebhookGate } from "../webhooks/webhook-gate.js";
import type { Run } from "./run.js";
import { changesOf, makeRunAdmission, type PlannedRun } from "./run-admission.js";
import type { RunRequest } from "./run-request.js";
import type { Signals } from "./signal-changes.js";

export interface CreateRunDeps {
  readonly storage: Storage;
  readonly graphs: GraphCatalog;
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly ids: Ids;
  readonly webhookGate?: WebhookGate;
}

/**
 * Writes runs into the ledger, then rings for them. When this returns, the runs are acknowledged: they will end, whatever
 * dies. Admission is atomic per thread, because everything happens under the thread's lock. Several requests are
 * admitted all together or not at all.
 */
export function makeCreateRuns({ storage, graphs, signals, ...deps }: CreateRunDeps) {
  const { authorizer } = deps;
  const { plan, admit } = makeRunAdmission(deps);

  return async function createRuns(requests: readonly RunRequest[], caller: Caller): Promise<readonly Run[]> {
    const planned = await Promise.all(requests.map((request) => resolveAndPlan(request, caller)));
    const admitted = await storage.transaction(async (tx) => {
      const results = [];
      for (const one of planned) results.push(await admit(tx, one));
      return results;
    });

    await signals.announce(changesOf(admitted));
    return admitted.map(({ run }) => run);
  };

  async function resolveAndPlan(request: RunRequest, caller: Caller): Promise<PlannedRun> {
    const deps = { assistants: storage.assistants, graphs, authorizer };
    const assistant = await assistantToRun(request.assistant, deps, caller);
    return await plan(request, assistant, caller);
  }
}
