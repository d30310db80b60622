import { type Delivery, publicUrl } from "@graphfleet/domain";

/** A delivery as its log shows it. Nothing that was sent, and of the URL only where it leads. */
export const deliveryView = (delivery: Delivery) => ({
  delivery_id: delivery.id,
  run_id: delivery.runId,
  thread_id: delivery.threadId,
  url: publicUrl(delivery.url),
  status: delivery.status,
  attempt: delivery.attempt,
  attempts: delivery.attempts,
  error: delivery.lastError,
  created_at: delivery.createdAt.toISOString(),
  next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
  ended_at: delivery.endedAt?.toISOString() ?? null,
});
