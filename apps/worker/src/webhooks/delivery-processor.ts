import {
  type ClaimedDelivery,
  type DeliveryRepository,
  hostOf,
  isLoopback,
  type Log,
  type RunQueue,
  type SendResult,
  verdictOf,
} from "@graphfleet/domain";
import type { DeliveryObserver } from "./delivery-observer.js";
import type { SendWebhook } from "./send-webhook.js";

export interface DeliveryProcessorDeps {
  readonly deliveries: Pick<DeliveryRepository, "finish" | "giveBack">;
  readonly send: SendWebhook;
  /** Rings for the next try. */
  readonly webhooks: RunQueue;
  readonly maxAttempts: number;
  readonly observer: DeliveryObserver;
  readonly log: Log;
}

/** A delivery whose workers died this often without a word is not worth another one. */
const MAX_LOST = 10;
const LOST: SendResult = { kind: "unanswered", reason: "was not asked: its workers died", permanent: true };

/** Takes a claimed delivery through one try: send, write down what came of it, ring for the next try. */
export function makeDeliveryProcessor(deps: DeliveryProcessorDeps) {
  const { deliveries, send, webhooks, maxAttempts, observer, log } = deps;

  return async function processDelivery(claim: ClaimedDelivery, stopping: AbortSignal): Promise<void> {
    const at = new Date();
    const began = performance.now();
    const elapsed = () => Math.round(performance.now() - began);

    let result: SendResult;
    try {
      if (claim.unreadable !== undefined) result = unreadable(claim, claim.unreadable);
      else result = claim.claims - claim.attempt >= MAX_LOST ? LOST : await send(claim, stopping);
    } catch (error) {
      if (!stopping.aborted) throw error;
      // The receiver may have it; the next worker sends the same id.
      await deliveries.giveBack(claim);
      return observer.tried("given_back", elapsed());
    }

    const durationMs = elapsed();
    const verdict = verdictOf(result, { attempt: claim.attempt, maxAttempts, random: Math.random() });
    const attempt = {
      at: at.toISOString(),
      duration_ms: durationMs,
      response_status: result.kind === "answered" ? result.status : null,
      error: verdict.reason,
    };
    if (!(await deliveries.finish(claim, attempt, verdict))) {
      log.warn(fields(claim), "another worker has this webhook by now; what came of it here is void");
      return observer.tried("lost", durationMs);
    }
    observer.tried(verdict.kind, durationMs);
    const facts = { ...fields(claim), duration_ms: durationMs, reason: verdict.reason };
    if (verdict.kind === "failed") return log.warn(facts, "a webhook could not be delivered and is given up");
    log.info(facts, verdict.kind === "delivered" ? "webhook delivered" : "a webhook will be tried again");
    if (verdict.kind === "retry") await ringLater(claim, verdict.delayMs);
  };

  /** A key may be added, and what a handler needs may come back. */
  function unreadable(claim: ClaimedDelivery, error: Error): SendResult {
    log.error({ ...fields(claim), err: error }, "what a webhook is to tell cannot be read");
    return { kind: "unanswered", reason: `was not asked: ${error.message}`, permanent: false };
  }

  async function ringLater({ runId, threadId, fence }: ClaimedDelivery, delayMs: number): Promise<void> {
    try {
      await webhooks.ring([{ runId, threadId, fence, delayMs }]);
    } catch (error) {
      log.warn({ err: error, run_id: runId }, "a ring got lost; the webhook sweep will repeat it");
    }
  }
}

/** Where to, as far as the log may know: not the path, which is a secret with some receivers. */
const fields = ({ id, runId, attempt, url }: ClaimedDelivery) => ({
  delivery_id: id,
  run_id: runId,
  attempt,
  host: isLoopback(url) ? "this server" : URL.canParse(url) ? hostOf(new URL(url)) : "(not a URL)",
});
