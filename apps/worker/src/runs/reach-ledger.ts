import { isOutage, type Log } from "@graphfleet/domain";

export interface LedgerPatience {
  /** Milliseconds between tries to reach a ledger that is away. */
  readonly retryDelaysMs: readonly number[];
  /** Milliseconds after which no new try begins; left out, the delays alone bound it. */
  readonly withinMs?: number;
  readonly log: Log;
}

/**
 * Writes again while the ledger is away. Only for writes that may arrive twice: the answer to one that was made can get
 * lost. What they write is worth waiting for, and the fence keeps a late one from counting.
 *
 * @throws what the last try threw; at once when it is no outage
 */
export async function reachLedger<T>(write: () => Promise<T>, patience: LedgerPatience): Promise<T> {
  const { retryDelaysMs, withinMs = Infinity, log } = patience;
  const begunAt = performance.now();
  for (const delayMs of retryDelaysMs) {
    try {
      return await write();
    } catch (error) {
      if (!isOutage(error) || performance.now() - begunAt > withinMs) throw error;
      log.warn({ err: error, delay_ms: delayMs }, "the ledger is away; trying again");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  return await write();
}
