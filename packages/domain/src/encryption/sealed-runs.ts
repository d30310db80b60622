import { type Json, objectOrEmpty } from "../json.js";
import type { RunRepository } from "../runs/run-repository.js";
import type { ClaimedRun, NewRun, Run, RunAuth, RunSpec } from "../runs/run.js";
import type { EndedRun } from "../webhooks/delivery.js";
import type { DeliveryRepository } from "../webhooks/delivery-repository.js";
import type { Cipher, Encryption, SealedKind } from "./cipher.js";
import { overlay } from "./overlay.js";
import { openJson, sealJson } from "./sealed-json.js";
import { type SealedKeys, sealedKeys } from "./sealed-keys.js";
import { openError, sealError, sealSnapshot } from "./sealed-threads.js";

/** What users put into a run: sealed together, in the place of the input. */
type Request = Pick<RunSpec, "input" | "config" | "context"> & Partial<Pick<RunSpec, "command">>;

export async function sealRequest<T extends Request>(cipher: Cipher, kind: SealedKind, spec: T): Promise<T> {
  const { input, config, context, command = null } = spec;
  // A command is made of JSON, and so is the rest.
  const sealed = await sealJson(cipher, kind, { input, config, context, command: command as Json });
  return { ...spec, input: sealed, config: {}, context: null, ...("command" in spec ? { command: null } : {}) };
}

export async function openRequest<T extends Request>(cipher: Cipher, kind: SealedKind, spec: T): Promise<T> {
  const opened = await openJson(cipher, kind, spec.input);
  if (opened === spec.input) return spec;
  // What `sealRequest` sealed.
  const { command, ...request } = opened as unknown as RunSpec;
  return { ...spec, ...request, ...("command" in spec ? { command } : {}) };
}

/** Runs whose input, command, config, context, user and error are sealed. */
export function sealedRuns(runs: RunRepository, encryption: Encryption): RunRepository {
  const { cipher } = encryption;
  const keys = sealedKeys(encryption);
  const open = async <T extends Run>(run: T): Promise<T> => ({
    ...run,
    metadata: await keys.open("run", run.metadata),
    spec: await openRequest(cipher, "run", run.spec),
    error: await openError(cipher, run.error),
  });
  const maybe = (run: Run | null) => (run === null ? null : open(run));
  const seal = async (run: NewRun): Promise<NewRun> => ({
    ...run,
    metadata: await keys.seal("run", run.metadata),
    spec: await sealRequest(cipher, "run", run.spec),
    auth: await sealAuth(cipher, run.auth),
  });

  return overlay(runs, {
    async insert(run) {
      return open(await runs.insert(await seal(run)));
    },
    async insertMany(many) {
      await runs.insertMany(await Promise.all(many.map(seal)));
    },
    async get(runId, threadId, scope) {
      keys.mustNotScope(scope);
      return maybe(await runs.get(runId, threadId, scope));
    },
    async getToRead(runId, threadId, scope) {
      keys.mustNotScope(scope);
      return maybe(await runs.getToRead(runId, threadId, scope));
    },
    async find(runId) {
      return maybe(await runs.find(runId));
    },
    async list(threadId, query, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", query.metadata);
      const page = await runs.list(threadId, query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async active(page, scope) {
      keys.mustNotScope(scope);
      return runs.active(page, scope);
    },
    async claim(ring, lease): Promise<ClaimedRun | null> {
      const run = await runs.claim(ring, lease);
      return run && { ...(await open(run)), auth: await openAuth(cipher, run.auth) };
    },
    async settle(claim, ending) {
      const { error, snapshot } = ending;
      return runs.settle(claim, {
        ...ending,
        error: await sealError(cipher, error),
        snapshot: snapshot && (await sealSnapshot(cipher, snapshot)),
      });
    },
    async rollBack(claim, thread) {
      return runs.rollBack(claim, { ...thread, snapshot: await sealSnapshot(cipher, thread.snapshot) });
    },
  });
}

/** Webhooks that wait carry what the run's row and its thread's row had: the database copies it as it is. */
export function sealedDeliveries(deliveries: DeliveryRepository, encryption: Encryption): DeliveryRepository {
  const keys = sealedKeys(encryption);
  return overlay(deliveries, {
    async claim(which, leaseSeconds) {
      const claimed = await deliveries.claim(which, leaseSeconds);
      return claimed && { ...claimed, ended: await openEnded(encryption.cipher, keys, claimed.ended) };
    },
    async list(owner, scope) {
      keys.mustNotScope(scope);
      return deliveries.list(owner, scope);
    },
    async replay(id, owner, scope) {
      keys.mustNotScope(scope);
      return deliveries.replay(id, owner, scope);
    },
  });
}

const openEnded = async (cipher: Cipher, keys: SealedKeys, ended: EndedRun): Promise<EndedRun> => ({
  ...ended,
  metadata: await keys.open("run", ended.metadata),
  spec: await openRequest(cipher, "run", ended.spec),
  error: await openError(cipher, ended.error),
  values: await openJson(cipher, "thread", ended.values),
});

/** Who it is for stays readable: identities are what operators look for. What else is known of the user is sealed. */
async function sealAuth(cipher: Cipher, auth: RunAuth): Promise<RunAuth> {
  return { ...auth, user: auth.user && (await sealJson(cipher, "run", auth.user)) };
}

async function openAuth(cipher: Cipher, auth: RunAuth): Promise<RunAuth> {
  return { ...auth, user: auth.user && objectOrEmpty(await openJson(cipher, "run", auth.user)) };
}
