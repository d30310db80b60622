import type { RunRepository } from "../runs/run-repository.js";
import type { ClaimedRun, NewRun, Run } from "../runs/run.js";
import type { EndedRun } from "../webhooks/delivery.js";
import type { DeliveryRepository } from "../webhooks/delivery-repository.js";
import type { Encryption } from "./cipher.js";
import { sealingFor } from "./encryption-context.js";
import { overlay } from "../overlay.js";
import { openJson } from "./sealed-json.js";
import { sealedKeys } from "./sealed-keys.js";
import { sealedRequests, sealedUsers } from "./sealed-requests.js";
import { openError, sealError, sealSnapshot } from "./sealed-threads.js";
import { openOrTell } from "./unreadable.js";

/** Runs whose input, command, config, context, user and error are sealed. */
export function sealedRuns(runs: RunRepository, encryption: Encryption): RunRepository {
  const { cipher } = encryption;
  const keys = sealedKeys(encryption);
  const requests = sealedRequests(cipher, "run");
  const users = sealedUsers(cipher, "run");
  const open = async <T extends Run>(run: T): Promise<T> => ({
    ...run,
    metadata: await keys.open("run", run.metadata),
    spec: await requests.open(run.spec),
    error: await openError(cipher, run.error),
  });
  const maybe = (run: Run | null) => (run === null ? null : open(run));
  const seal = (run: NewRun): Promise<NewRun> =>
    sealingFor(run.auth.encryptionContext, async () => ({
      ...run,
      metadata: await keys.seal("run", run.metadata),
      spec: await requests.seal(run.spec),
      auth: await users.seal(run.auth),
    }));

  return overlay(runs, {
    async insert(run) {
      return open(await runs.insert(await seal(run)));
    },
    async insertMany(many) {
      await runs.insertMany(await Promise.all(many.map(seal)));
    },
    async get(runId, threadId, scope) {
      return maybe(await runs.get(runId, threadId, scope));
    },
    async getToRead(runId, threadId, scope) {
      return maybe(await runs.getToRead(runId, threadId, scope));
    },
    async find(runId) {
      return maybe(await runs.find(runId));
    },
    async list(threadId, query, scope) {
      await keys.mustNotFilter("run", query.metadata);
      const page = await runs.list(threadId, query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async claim(ring, lease, only): Promise<ClaimedRun | null> {
      const run = await runs.claim(ring, lease, only);
      return run && openOrTell(run, async () => ({ ...(await open(run)), auth: await users.open(run.auth) }));
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
  const { cipher } = encryption;
  const keys = sealedKeys(encryption);
  const requests = sealedRequests(cipher, "run");
  const open = async (ended: EndedRun): Promise<EndedRun> => ({
    ...ended,
    metadata: await keys.open("run", ended.metadata),
    spec: await requests.open(ended.spec),
    error: await openError(cipher, ended.error),
    values: await openJson(cipher, "thread", ended.values),
  });
  return overlay(deliveries, {
    async claim(which, leaseSeconds) {
      const claimed = await deliveries.claim(which, leaseSeconds);
      return claimed && openOrTell(claimed, async () => ({ ...claimed, ended: await open(claimed.ended) }));
    },
  });
}
