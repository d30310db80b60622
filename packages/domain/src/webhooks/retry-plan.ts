/** What came of sending a webhook once. */
export type SendResult =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterSeconds: number | null }
  /** No answer. `permanent`: another try would end the same way. */
  | { readonly kind: "unanswered"; readonly reason: string; readonly permanent: boolean };

/** What to do about it. `reason` completes "the receiver …"; null when it was delivered. */
export type Verdict =
  | { readonly kind: "delivered"; readonly reason: null }
  | { readonly kind: "retry"; readonly reason: string; readonly delayMs: number }
  | { readonly kind: "failed"; readonly reason: string };

const FIRST_DELAY_MS = 1000;
const GROWTH = 5;
const LONGEST_DELAY_MS = 3_600_000;
/** A receiver that answers none of ours is not asked again by so many at once. */
const JITTER = 0.2;

/**
 * Decides after the `attempt`th try, counted from 1. Silence, 429 and 5xx are worth another try: after 1, 5, 25 … seconds,
 * give or take a fifth, or when the receiver says if that is later. Every other answer is meant as it is.
 *
 * @param random from 0 to 1.
 */
export function verdictOf(
  result: SendResult,
  { attempt, maxAttempts, random }: { readonly attempt: number; readonly maxAttempts: number; readonly random: number },
): Verdict {
  if (result.kind === "answered" && result.status >= 200 && result.status < 300)
    return { kind: "delivered", reason: null };
  const reason = result.kind === "answered" ? `answered ${result.status}` : result.reason;
  const isHopeless = result.kind === "answered" ? result.status !== 429 && result.status < 500 : result.permanent;
  if (isHopeless || attempt >= maxAttempts) return { kind: "failed", reason };

  const wished = result.kind === "answered" ? (result.retryAfterSeconds ?? 0) * 1000 : 0;
  const delayMs = Math.max(retryDelayMs(attempt, random), Math.min(wished, LONGEST_DELAY_MS));
  return { kind: "retry", reason, delayMs };
}

/** How long to wait after the `attempt`th try, in milliseconds. */
export function retryDelayMs(attempt: number, random: number): number {
  const delay = Math.min(FIRST_DELAY_MS * GROWTH ** (attempt - 1), LONGEST_DELAY_MS);
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}
