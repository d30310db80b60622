import { every } from "@graphfleet/chassis";
import type { ClaimedDelivery, DeliveryRepository, Log, Ring, RingConsumer, RunQueue } from "@graphfleet/domain";
import { Slots } from "../runs/slots.js";
import type { DeliveryObserver } from "./delivery-observer.js";
import { makeDeliveryProcessor } from "./delivery-processor.js";
import type { SendWebhook } from "./send-webhook.js";

export interface DelivererParts {
  readonly deliveries: Pick<DeliveryRepository, "claim" | "finish" | "giveBack">;
  readonly send: SendWebhook;
  readonly webhooks: RunQueue;
  /** Starts taking rings for webhooks, at most `concurrency` at a time. */
  readonly consume: (options: { concurrency: number; handle: (ring: Ring) => Promise<void> }) => RingConsumer;
  /** Whether rings can be heard at present. */
  readonly hearsRings: () => boolean;
  readonly observer: DeliveryObserver;
  readonly log: Log;
  readonly options: {
    /** Webhooks that are sent at once. They take no slots of runs, so a receiver that hangs holds up no run. */
    readonly concurrency: number;
    readonly maxAttempts: number;
    /** How long a try may take. */
    readonly timeoutSeconds: number;
    /** How often the ledger is looked into; default a second. */
    readonly pollMs?: number;
  };
}

export interface Deliverer {
  /** Webhooks that are being sent now. */
  active(): number;
  /** Takes no more, lets the others finish for `graceMs`, then gives the rest back. */
  drain(graceMs: number): Promise<void>;
}

/** A claim outlives its try, so that nobody else sends while we do: this long, for writing down what came of it. */
const LEASE_MARGIN_SECONDS = 5;
const POLL_MS = 1000;
/** A delivery that is due for this long although rings are heard has lost its ring. */
const UNHEARD_SECONDS = 2;

/** Starts delivering webhooks: those it is rung for, and those that it finds due in the ledger. */
export function startDeliverer(parts: DelivererParts): Deliverer {
  const { deliveries, send, webhooks, consume, hearsRings, observer, log, options } = parts;
  const { concurrency, maxAttempts, timeoutSeconds, pollMs = POLL_MS } = options;
  const leaseSeconds = timeoutSeconds + LEASE_MARGIN_SECONDS;
  const slots = new Slots(concurrency);
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();
  const processDelivery = makeDeliveryProcessor({ deliveries, send, webhooks, maxAttempts, observer, log });

  const consumer = consume({ concurrency, handle: hear });
  const poll = every({ name: "webhook poll", everyMs: pollMs, once: look, log, backoffMaxMs: 5000 });

  async function hear({ runId }: Ring): Promise<void> {
    if (!(await slots.take())) return;
    try {
      const claim = await deliveries.claim({ runId }, leaseSeconds);
      if (claim !== null) await deliver(claim);
    } finally {
      slots.give();
    }
  }

  /** Fills the free slots with what is due; each that becomes free again looks for more. */
  async function look(): Promise<void> {
    while (slots.tryTake()) {
      let claim: ClaimedDelivery | null = null;
      try {
        claim = await deliveries.claim({ dueSeconds: hearsRings() ? UNHEARD_SECONDS : 0 }, leaseSeconds);
      } finally {
        if (claim === null) slots.give();
      }
      if (claim === null) return;
      const delivered = deliver(claim)
        .finally(() => slots.give())
        .then(look)
        .catch((error: unknown) => log.debug({ err: error }, "the next round looks again"))
        .finally(() => inFlight.delete(delivered));
      inFlight.add(delivered);
    }
  }

  /** Never rejects: what could not be written down is due again when the lease is over. */
  async function deliver(claim: ClaimedDelivery): Promise<void> {
    try {
      await processDelivery(claim, stopping.signal);
    } catch (error) {
      log.error({ err: error, delivery_id: claim.id, run_id: claim.runId }, "what came of a webhook was not recorded");
    }
  }

  return {
    active: () => concurrency - slots.unused,
    async drain(graceMs) {
      slots.close();
      const grace = setTimeout(() => stopping.abort(new Error("this worker stops")), graceMs);
      await Promise.all([consumer.close(), poll.stop()]);
      while (inFlight.size > 0) await Promise.all(inFlight);
      clearTimeout(grace);
    },
  };
}
