import type { ClaimedRun } from "@graphfleet/domain";

/** How a run left the workshop. */
export type Departure =
  "success" | "error" | "timeout" | "interrupted" | "retried" | "given_back" | "rolled_back" | "abandoned";

/** What a worker tried to write for a run that was not its own any more. */
export type RefusedWrite = "run" | "checkpoint" | "tape";

/** Sees runs come and go; metrics and tests look through it. */
export interface RunObserver {
  started(run: ClaimedRun): void;
  ended(run: ClaimedRun, departure: Departure): void;
  /** The fence held: a write came too late and is void. */
  refused(run: ClaimedRun, write: RefusedWrite): void;
  /** The graph went on although it was told to stop. */
  ignoredStop(run: ClaimedRun): void;
}
