import { every, type EveryOptions } from "@graphfleet/chassis";
import type { Log, Ring, RunRepository } from "@graphfleet/domain";
import type { Slots } from "./slots.js";
import type { SuspectSeat } from "./suspect-seat.js";

export interface LedgerPollDeps {
  readonly runs: Pick<RunRepository, "claimable">;
  readonly slots: Slots;
  readonly suspects: Pick<SuspectSeat, "only">;
  readonly processRing: (ring: Pick<Ring, "threadId">) => Promise<void>;
  /** Whether rings can be heard at present. */
  readonly hearsRings: () => boolean;
  readonly log: Log;
  /** How it waits; tests bring their own. */
  readonly wait?: EveryOptions["wait"];
}

export interface LedgerPoll {
  /** A slot became free. Without rings, the next run for it has to be looked for. */
  slotFreed(): void;
  /** Looks no more; resolves when the runs it found are done. */
  stop(): Promise<void>;
}

/** A run that was taken from a dead worker is found within a second, whether or not anybody can ring for it. */
const POLL_MS = 800;
const BACKOFF_MAX_MS = 2000;
/** A run that is due for this long although rings are heard has lost its ring, or its worker. */
const UNHEARD_SECONDS = 2.5;

/**
 * Looks into the ledger for runs that nobody rings for. Rings come through Redis, which may be away or forget; the runs
 * are in the ledger, so with a free slot they execute all the same.
 */
export function startLedgerPoll(deps: LedgerPollDeps): LedgerPoll {
  const { runs, slots, suspects, processRing, hearsRings, log, wait } = deps;
  const inFlight = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  const stopping = new AbortController();

  async function look(): Promise<void> {
    do {
      lookAgain = false;
      if (slots.free === 0) return;
      const found = await runs.claimable(hearsRings() ? UNHEARD_SECONDS : 0, slots.free, "urgent", suspects.only);
      for (const threadId of found) {
        if (stopping.signal.aborted || !slots.tryTake()) return;
        execute({ threadId });
      }
    } while (lookAgain && !stopping.signal.aborted);
  }

  /** One look at a time: whoever comes during one is served by it, or by one more right after it. */
  function lookOnce(): Promise<void> {
    if (looking !== null) {
      lookAgain = true;
      return looking;
    }
    looking = look().finally(() => {
      looking = null;
    });
    return looking;
  }

  function execute(ring: Pick<Ring, "threadId">): void {
    const handled = processRing(ring)
      .then(slotFreedAfterwards, (error: unknown) => {
        log.error({ err: error, thread_id: ring.threadId }, "a run that was found in the ledger was not handled");
        slots.give();
      })
      .finally(() => inFlight.delete(handled));
    inFlight.add(handled);
  }

  function slotFreedAfterwards(): void {
    slots.give();
    slotFreed();
  }

  function slotFreed(): void {
    if (stopping.signal.aborted || hearsRings()) return;
    lookOnce().catch((error: unknown) => log.debug({ err: error }, "the next round looks again"));
  }

  const rounds = every({
    name: "ledger poll",
    everyMs: POLL_MS,
    once: lookOnce,
    log,
    backoffMaxMs: BACKOFF_MAX_MS,
    ...(wait === undefined ? {} : { wait }),
  });
  return {
    slotFreed,
    async stop() {
      stopping.abort();
      await rounds.stop();
      await looking?.catch(() => undefined);
      await Promise.all(inFlight);
    },
  };
}
