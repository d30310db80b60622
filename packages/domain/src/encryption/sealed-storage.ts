import type { Repositories, Storage } from "../storage.js";
import type { Encryption } from "./cipher.js";
import { sealedAssistants } from "./sealed-assistants.js";
import { sealedCrons } from "./sealed-crons.js";
import { sealedItems } from "./sealed-items.js";
import { sealedDeliveries, sealedRuns } from "./sealed-runs.js";
import { sealedThreads } from "./sealed-threads.js";
import { unlabelledCheckpoints } from "./unlabelled-checkpoints.js";

/**
 * The ledger, with what users wrote sealed on the way in and opened on the way out; transactions too. Without encryption
 * it is the ledger itself. Rows from before there was a key are read as they are, and sealed when they are written again.
 */
export function sealedStorage(storage: Storage, encryption: Encryption | null): Storage {
  if (encryption === null) return storage;
  return {
    ...storage,
    ...sealedRepositories(storage, encryption),
    transaction: (work) => storage.transaction((tx) => work(sealedRepositories(tx, encryption))),
  };
}

const sealedRepositories = (repositories: Repositories, encryption: Encryption): Repositories => ({
  assistants: sealedAssistants(repositories.assistants, encryption),
  checkpoints: unlabelledCheckpoints(repositories.checkpoints, encryption),
  items: sealedItems(repositories.items, encryption),
  threads: sealedThreads(repositories.threads, encryption),
  runs: sealedRuns(repositories.runs, encryption),
  deliveries: sealedDeliveries(repositories.deliveries, encryption),
  crons: sealedCrons(repositories.crons, encryption),
});
