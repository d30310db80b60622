import { type Failpoint, withPoints } from "@graphfleet/chassis";
import type { RunQueue } from "@graphfleet/domain";

/** Boundaries between two writes of the API, as places where a test can kill it. */
export const FAILPOINTS = [
  /** The run is in the ledger; nobody was rung for, and the client was not answered. */
  "run.committed",
] as const;

/** The API rings after each commit, and for nothing else. */
export const queueWithFailpoints = (queue: RunQueue, at: Failpoint<(typeof FAILPOINTS)[number]>): RunQueue =>
  withPoints(queue, { ring: { before: () => at("run.committed") } });
