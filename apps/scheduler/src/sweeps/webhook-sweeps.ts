import type { DeliveryRepository, RunQueue } from "@graphfleet/domain";
import type { Sweep } from "./sweep.js";

/** Workers find a webhook whose ring was lost in about two seconds; this is for those that look at nothing but rings. */
const UNHEARD_SECONDS = 5;
const BATCH = 500;

/** Rings again for webhooks that are due and that nobody can know of. */
export function webhookSweep(deps: {
  readonly deliveries: Pick<DeliveryRepository, "unheard">;
  readonly webhooks: RunQueue;
}): Sweep {
  return {
    name: "webhook",
    everyMs: 1000,
    async once() {
      const rings = await deps.deliveries.unheard(UNHEARD_SECONDS, BATCH);
      if (rings.length > 0) await deps.webhooks.ring(rings.map((ring) => ({ ...ring, repeated: true })));
      return rings.length;
    },
  };
}

/** Forgets webhooks that have been over for long. */
export function webhookLogSweep(deps: {
  readonly deliveries: Pick<DeliveryRepository, "sweepEnded">;
  readonly keepSeconds: number;
}): Sweep {
  return {
    name: "webhook_log",
    everyMs: 30_000,
    once: () => deps.deliveries.sweepEnded(deps.keepSeconds, BATCH),
  };
}
