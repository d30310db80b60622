import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { deliveryNotFound, deliveryPending, runNotFound } from "../errors.js";
import type { DeliveryId } from "../ids.js";
import type { Log } from "../log.js";
import type { RunQueue } from "../runs/signals.js";
import type { Storage } from "../storage.js";
import type { Delivery } from "./delivery.js";
import type { DeliveryOwner } from "./delivery-repository.js";

export interface ManageDeliveriesDeps {
  readonly storage: Pick<Storage, "deliveries" | "runs">;
  readonly authorizer: Authorizer;
  /** Rings for deliveries. */
  readonly webhooks: RunQueue;
  readonly log: Log;
}

/** The log of a run's webhooks. Whoever may see the thread may see it, also after a stateless run is gone. */
export function makeManageDeliveries({ storage, authorizer, webhooks, log }: ManageDeliveriesDeps) {
  return {
    /** Newest first. @throws DomainError `run_not_found`. */
    async listDeliveries(owner: DeliveryOwner, caller: Caller): Promise<readonly Delivery[]> {
      const { scope } = await authorizer.authorize(caller, "threads:read", {
        thread_id: owner.threadId,
        run_id: owner.runId,
      });
      const deliveries = await storage.deliveries.list(owner, scope);
      if (deliveries.length === 0 && (await storage.runs.get(owner.runId, owner.threadId, scope)) === null)
        throw runNotFound();
      return deliveries;
    },

    /**
     * Sends a webhook again, under its old id.
     * @throws DomainError `delivery_not_found`; `conflict` while it is still being delivered.
     */
    async replayDelivery(id: DeliveryId, owner: DeliveryOwner, caller: Caller): Promise<Delivery> {
      const { scope } = await authorizer.authorize(caller, "threads:update", {
        thread_id: owner.threadId,
        run_id: owner.runId,
        delivery_id: id,
      });
      const replayed = await storage.deliveries.replay(id, owner, scope);
      if (replayed === null) throw deliveryNotFound();
      if (replayed.ring === null) throw deliveryPending();
      try {
        await webhooks.ring([replayed.ring]);
      } catch (error) {
        log.warn({ err: error, delivery_id: id }, "a ring got lost; the webhook sweep will repeat it");
      }
      return replayed.delivery;
    },
  };
}

export type ManageDeliveries = ReturnType<typeof makeManageDeliveries>;
