import {
  areAddressesAllowed,
  type ClaimedDelivery,
  hostOf,
  isAddress,
  isLoopback,
  NOT_PUBLIC,
  refusalOfRedirect,
  refusalOfUrl,
  type Resolve,
  type SendResult,
  signatureOf,
  type WebhookUrlRules,
  webhookPayload,
} from "@graphfleet/domain";
import { post, type PostAnswer } from "./post.js";
import { reasonOf } from "./reason.js";

export interface SendWebhookDeps {
  /** Null: this server sends no webhooks. */
  readonly rules: WebhookUrlRules | null;
  /** Sent along to the host that the run named, and to no other. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each makes a signature. */
  readonly signingKeys: readonly string[];
  /** Where this server's own API is, for webhooks that are a path; null when nobody said. */
  readonly ownUrl: string | null;
  /** For everything together: name servers, redirects, the answer. */
  readonly timeoutMs: number;
  readonly resolve: Resolve;
  readonly now: () => Date;
}

/** Sends a webhook once. @throws only the reason of `signal`, when that stopped it. */
export type SendWebhook = (delivery: ClaimedDelivery, signal: AbortSignal) => Promise<SendResult>;

const MAX_REDIRECTS = 3;
/** Each of these means: post the same there. 303 does not. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);

const refused = (reason: string): SendResult => ({ kind: "unanswered", reason: `refused: ${reason}`, permanent: true });

/**
 * Every address is checked right before it is connected to, and the connection goes to what was checked: for the URL of
 * the run, and again for each redirect.
 */
export function makeSendWebhook(deps: SendWebhookDeps): SendWebhook {
  const { rules, headers, signingKeys, ownUrl, timeoutMs, resolve, now } = deps;

  return async function sendWebhook(delivery, signal) {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await send(delivery, AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      const reason = timeout.aborted ? `did not answer within ${timeoutMs / 1000} s` : reasonOf(error);
      return { kind: "unanswered", reason, permanent: false };
    }
  };

  async function send(delivery: ClaimedDelivery, signal: AbortSignal): Promise<SendResult> {
    if (rules === null) return refused("webhooks are switched off");
    const refusal = refusalOfUrl(delivery.url, rules);
    if (refusal !== null) return refused(refusal);
    if (isLoopback(delivery.url) && ownUrl === null)
      return refused("LANGGRAPH_API_URL is not set, so paths lead nowhere");

    const start = new URL(isLoopback(delivery.url) ? `${ownUrl?.replace(/\/+$/, "")}${delivery.url}` : delivery.url);
    const message = messageOf(delivery);
    // The operator named our own API, wherever it is; what it redirects to is somebody's URL again.
    const trusted = isLoopback(delivery.url) ? start.origin : null;
    let url = start;
    for (let redirects = 0; ; redirects++) {
      const addresses = await addressesOf(url, signal);
      if (url.origin !== trusted && !areAddressesAllowed(addresses, rules)) return refused(NOT_PUBLIC);

      const own = url.origin === start.origin ? { ...headers, ...message.headers } : message.headers;
      const answer = await post({ url, addresses, headers: own, body: message.body, signal });
      if (!REDIRECTS.has(answer.status)) return answered(answer);
      if (redirects === MAX_REDIRECTS) return refused("redirected too often");
      if (answer.location === null || !URL.canParse(answer.location, url.href)) return refused("redirected to nowhere");
      const next = new URL(answer.location, url.href);
      const wrong = next.origin === trusted ? null : refusalOfRedirect(url, next, rules);
      if (wrong !== null) return refused(wrong);
      url = next;
    }
  }

  function messageOf({ id, attempt, ended }: ClaimedDelivery) {
    const at = now();
    const body = JSON.stringify(webhookPayload(ended, at));
    const signature = signatureOf({ deliveryId: id, body, at }, signingKeys);
    return {
      body,
      headers: {
        "content-type": "application/json",
        "user-agent": "Graphfleet-Webhook/1",
        "x-graphfleet-delivery": id,
        "x-graphfleet-attempt": String(attempt),
        ...(signature === null ? {} : { "x-graphfleet-signature": signature }),
      },
    };
  }

  async function addressesOf(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const host = hostOf(url);
    return isAddress(host) ? [host] : await untilAborted(resolve(host), signal);
  }

  function answered({ status, retryAfter }: PostAnswer): SendResult {
    return { kind: "answered", status, retryAfterSeconds: secondsOf(retryAfter, now()) };
  }
}

/** Seconds, or a date. */
function secondsOf(retryAfter: string | null, now: Date): number | null {
  if (retryAfter === null) return null;
  const seconds = /^\d+$/.test(retryAfter.trim())
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/** A name server cannot be told to stop; we can stop listening. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => undefined);
  }
}
