import { type CheckpointRepository, type Log, overlay, type Repositories } from "@graphfleet/domain";

import { type LedgerPatience, reachLedger } from "./reach-ledger.js";

/** Shorter than a lease: when that is lost, nothing that still holds on to the run may keep its slot. */
const PATIENCE: Omit<LedgerPatience, "log"> = { retryDelaysMs: [100, 200, 500, 1000, 2000], withinMs: 5000 };

/**
 * The same ledger, on which a run's checkpoints are written again when a connection broke or a server went away: a restart
 * or a failover of the database costs no run its attempt. The rows of a batch may come twice, and are guarded by the
 * run's fence. What is written by hand has somebody waiting, and is not repeated.
 */
export function insistOnCheckpoints<T extends Pick<Repositories, "checkpoints">>(
  storage: T,
  log: Log,
  patience = PATIENCE,
): T {
  const { checkpoints } = storage;
  const write: CheckpointRepository["write"] = (batch, claim) =>
    claim === null
      ? checkpoints.write(batch, claim)
      : reachLedger(() => checkpoints.write(batch, claim), { ...patience, log });
  return { ...storage, checkpoints: overlay(checkpoints, { write }) };
}
