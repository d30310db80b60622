import { isOutage } from "./errors.js";

/** An answer of the ledger, or `meanwhile` when it is away: for askers who will ask again. */
export async function unlessAway<T>(answer: Promise<T>, meanwhile: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isOutage(error)) return meanwhile;
    throw error;
  }
}
