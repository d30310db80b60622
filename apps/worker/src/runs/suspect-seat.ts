import type { ClaimedRun, OnlyRuns } from "@graphfleet/domain";

/** What a claim may bring. Always left, when nothing came of it too. */
export interface Turn {
  readonly only: OnlyRuns | undefined;
  /** Tells what the claim brought: only a suspect keeps the seat until the turn is left. */
  brought(run: ClaimedRun): void;
  leave(): void;
}

/**
 * A suspect is a run whose worker died at each of its starts, while others were there too: one of them kills workers.
 * A process executes one suspect at a time, so that the one who did it takes no other with it.
 *
 * A claim that may bring one takes the seat before it asks, for two may ask at once. Who comes meanwhile goes without;
 * what it had to leave is found by the ledger poll, here or elsewhere.
 */
export class SuspectSeat {
  readonly #others: OnlyRuns;
  #taken = false;

  /** @param maxAttempts starts of a run before it is a suspect, or fails. */
  constructor(maxAttempts: number) {
    this.#others = { startedBelow: maxAttempts };
  }

  /** Which runs could be claimed now; undefined for all. */
  get only(): OnlyRuns | undefined {
    return this.#taken ? this.#others : undefined;
  }

  take(): Turn {
    const { only } = this;
    let isOurs = only === undefined;
    this.#taken = true;
    const leave = (): void => {
      if (isOurs) this.#taken = false;
      isOurs = false;
    };
    return {
      only,
      brought: (run) => {
        // Its attempt counts the start that this claim is. A rollback is not executed.
        if (run.attempt <= this.#others.startedBelow || run.cancelAction !== null) leave();
      },
      leave,
    };
  }
}
