import type { Metrics } from "@graphfleet/chassis";
import type { DeliveryObserver } from "./delivery-observer.js";

/** Counts what comes of sending webhooks. */
export function observeDeliveries(metrics: Metrics): DeliveryObserver {
  const counters = {
    delivered: metrics.counter("webhook_delivered_counter", "Webhooks that a receiver took"),
    retry: metrics.counter("webhook_retried_counter", "Tries to send a webhook that will be made again"),
    failed: metrics.counter("webhook_failed_counter", "Webhooks that were given up"),
    given_back: metrics.counter("webhook_given_back_counter", "Webhooks given back because this worker stops"),
    lost: metrics.counter(
      "webhook_lease_lost_counter",
      "Tries whose end was void because another worker had the webhook",
    ),
  };
  const took = metrics.histogram("webhook_latency", "Milliseconds that a try to send a webhook took");
  return {
    tried(outcome, durationMs) {
      counters[outcome].inc();
      took.observe(durationMs);
    },
  };
}
