import type { Log, Ring, RunRepository } from "@graphfleet/domain";
import type { SuspectSeat } from "./suspect-seat.js";

export interface FairTurnDeps {
  readonly runs: Pick<RunRepository, "claimable">;
  readonly suspects: Pick<SuspectSeat, "only">;
  readonly processRing: (ring: Pick<Ring, "threadId">) => Promise<void>;
  readonly log: Log;
}

/** Of this many turns, one goes to whoever waits longest. */
const TURNS = 10;
/** Who waits less is not overlooked, but in line. */
const LONG_SECONDS = 60;

/**
 * Rings of a low priority are heard when there are no others, which may be never where workers are always busy. So each
 * tenth time that a slot comes free, the run that has waited longest, if that is a minute or more, gets it first.
 *
 * @returns what to do with a slot that comes free. Never throws: the next turn looks again.
 */
export function makeFairTurn({ runs, suspects, processRing, log }: FairTurnDeps): () => Promise<void> {
  let turns = 0;
  return async function fairTurn() {
    turns += 1;
    if (turns % TURNS !== 0) return;
    try {
      const [threadId] = await runs.claimable(LONG_SECONDS, 1, "oldest", suspects.only);
      if (threadId !== undefined) await processRing({ threadId });
    } catch (error) {
      log.debug({ err: error }, "a later turn looks for who waits longest");
    }
  };
}
