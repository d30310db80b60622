import type { Scope } from "../auth/scope.js";
import type { DeliveryId, RunId, ThreadId } from "../ids.js";
import type { Ring } from "../runs/signals.js";
import type { ClaimedDelivery, Delivery, DeliveryAttempt } from "./delivery.js";
import type { Verdict } from "./retry-plan.js";

export type DeliveryClaim = Pick<ClaimedDelivery, "id" | "fence">;

/** Which run's webhooks; `threadId` null stands for whatever thread it is on. */
export interface DeliveryOwner {
  readonly runId: RunId;
  readonly threadId: ThreadId | null;
}

export interface DeliveryCounts {
  readonly pending: number;
  /** How long the oldest one that is due has been waiting, in seconds. */
  readonly oldestDueSeconds: number;
}

/**
 * Webhooks to be delivered. A row appears in the transaction that ends a run with a webhook, whoever ends it: the
 * database sees to it. It goes with its run when the run is deleted. A ring for a delivery names the run.
 */
export interface DeliveryRepository {
  /**
   * Hands a due delivery to one worker. For `leaseSeconds` nobody else gets it; then it is due again.
   * @param which that of a run, or the one that has been due longest, for `dueSeconds` at least.
   * @returns null when there is none.
   */
  claim(
    which: { readonly runId: RunId } | { readonly dueSeconds: number },
    leaseSeconds: number,
  ): Promise<ClaimedDelivery | null>;
  /**
   * Writes what came of a try. With `retry` it is due again after the delay.
   * @returns false when the claim was no longer good; nothing is written then.
   */
  finish(claim: DeliveryClaim, attempt: DeliveryAttempt, verdict: Verdict): Promise<boolean>;
  /** Makes it due at once, as if it had never been claimed. Nothing happens when the claim is no longer good. */
  giveBack(claim: DeliveryClaim): Promise<void>;
  /** Deliveries that have been due for `olderThanSeconds`, and that nobody was rung for since. Marks them as rung. */
  unheard(olderThanSeconds: number, limit: number): Promise<readonly Ring[]>;

  /** Those of a run, newest first. */
  list(owner: DeliveryOwner, scope: Scope): Promise<readonly Delivery[]>;
  /** Makes one that is over due again, with all its tries. @returns null when there is none; unchanged when it is not over. */
  replay(id: DeliveryId, owner: DeliveryOwner, scope: Scope): Promise<{ delivery: Delivery; ring: Ring | null } | null>;

  /** Forgets deliveries that have been over for so long. @returns how many. */
  sweepEnded(olderThanSeconds: number, limit: number): Promise<number>;
  /** Numbers for gauges. */
  counts(): Promise<DeliveryCounts>;
}
