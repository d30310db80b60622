import { type Failpoint, withPoints } from "@graphfleet/chassis";
import type { Repositories, Storage } from "@graphfleet/domain";

/** Boundaries between two writes of the scheduler, as places where a test can kill it. */
export const FAILPOINTS = [
  /** A run was taken from its dead worker; nobody was rung for. */
  "reap.committed",
  /** A run is marked as rung for; nobody was. */
  "doorbell.marked",
  /** A due cron is locked; nothing is written. */
  "cron.claimed",
  /** Its run is written; its moment is not taken. */
  "cron.written",
  /** Its moment is taken and the next one planned; nothing is committed. */
  "cron.taken",
  /** The moment and its run are in the ledger; nobody was rung for. */
  "cron.committed",
  /** A webhook is marked as rung for; nobody was. */
  "webhook.marked",
] as const;

type At = Failpoint<(typeof FAILPOINTS)[number]>;

/** Only sweeps that found something pass a point. */
export function storageWithFailpoints(storage: Storage, at: At): Storage {
  return {
    ...storage,
    transaction: (work) => fireWithFailpoints(storage, work, at),
    runs: withPoints(storage.runs, {
      reapExpired: { after: (reaped) => void (reaped.length > 0 && at("reap.committed")) },
      unheard: { after: (rings) => void (rings.length > 0 && at("doorbell.marked")) },
    }),
    deliveries: withPoints(storage.deliveries, {
      unheard: { after: (rings) => void (rings.length > 0 && at("webhook.marked")) },
    }),
  };
}

/** Firing a cron is all that the scheduler has a transaction of its own for. */
async function fireWithFailpoints<T>(storage: Storage, work: (tx: Repositories) => Promise<T>, at: At): Promise<T> {
  let isTaken = false;
  const result = await storage.transaction((tx) =>
    work({
      ...tx,
      crons: withPoints(tx.crons, {
        claimDue: { after: (due) => void (due.length > 0 && at("cron.claimed")) },
        recordFirings: {
          after(taken) {
            if (taken.size === 0) return;
            isTaken = true;
            at("cron.taken");
          },
        },
      }),
      runs: withPoints(tx.runs, {
        insert: { after: () => at("cron.written") },
        insertMany: { after: () => at("cron.written") },
      }),
    }),
  );
  if (isTaken) at("cron.committed");
  return result;
}
