import type { Log } from "../log.js";
import type { CancelledRun } from "./run-repository.js";
import type { ControlChannel, Ring, RunQueue } from "./signals.js";
import type { StreamBus } from "./tape.js";

/** What changed in the ledger and others should hear of. */
export interface Changes {
  readonly rings?: readonly Ring[];
  readonly cancelled?: readonly CancelledRun[];
}

export interface Signals {
  /** Tells the fleet, after the commit. Never throws: every fact is in the ledger, and sweeps repeat what got lost. */
  announce(changes: Changes): Promise<void>;
}

export function makeSignals(deps: {
  readonly queue: RunQueue;
  readonly control: ControlChannel;
  readonly bus: Pick<StreamBus, "poke">;
  readonly log: Log;
}): Signals {
  const { queue, control, bus, log } = deps;

  const quietly = async (what: string, work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      log.warn({ err: error, hint: what }, "a hint got lost; the sweeps will repeat it");
    }
  };

  return {
    async announce({ rings = [], cancelled = [] }) {
      const allRings = [...rings, ...cancelled.flatMap(({ ring }) => (ring === null ? [] : [ring]))];
      const work: Promise<void>[] = [];
      if (allRings.length > 0) work.push(quietly("ring", queue.ring(allRings)));
      for (const { state, runId, threadId } of cancelled) {
        if (state === "marked") work.push(quietly("cancel", control.send({ kind: "cancel", runId })));
        if (state === "done") work.push(quietly("poke", bus.poke(threadId)));
      }
      await Promise.all(work);
    },
  };
}
