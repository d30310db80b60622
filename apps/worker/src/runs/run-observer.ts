import type { ClaimedRun } from "@graphfleet/domain";

/** How a run left the workshop. */
export type Departure =
  "success" | "error" | "timeout" | "interrupted" | "retried" | "given_back" | "rolled_back" | "abandoned";

/** Sees runs come and go; metrics and tests look through it. */
export interface RunObserver {
  started(run: ClaimedRun): void;
  ended(run: ClaimedRun, departure: Departure): void;
}
