import { type Failpoint, withPoints } from "@graphfleet/chassis";
import type { Storage } from "@graphfleet/domain";

/** Boundaries between two writes of the scheduler, as places where a test can kill it. */
export const FAILPOINTS = [
  /** A run was taken from its dead worker; nobody was rung for. */
  "reap.committed",
  /** A run is marked as rung for; nobody was. */
  "doorbell.marked",
] as const;

/** Only sweeps that found something pass a point. */
export function storageWithFailpoints(storage: Storage, at: Failpoint<(typeof FAILPOINTS)[number]>): Storage {
  return {
    ...storage,
    runs: withPoints(storage.runs, {
      reapExpired: { after: (reaped) => void (reaped.length > 0 && at("reap.committed")) },
      unheard: { after: (rings) => void (rings.length > 0 && at("doorbell.marked")) },
    }),
  };
}
