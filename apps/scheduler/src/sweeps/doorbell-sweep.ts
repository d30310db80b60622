import type { RunQueue, RunRepository } from "@graphfleet/domain";
import type { Sweep } from "./sweep.js";

/** Between commit and ring a process may die, and Redis may forget. A run that waits this long unheard is rung again. */
const UNHEARD_SECONDS = 5;
const BATCH = 500;

/** Rings again for runs that wait and that nobody can know of. */
export function doorbellSweep(deps: {
  readonly runs: Pick<RunRepository, "unheard">;
  readonly queue: RunQueue;
}): Sweep {
  return {
    name: "doorbell",
    everyMs: 1000,
    async once() {
      const rings = await deps.runs.unheard(UNHEARD_SECONDS, BATCH);
      if (rings.length > 0) await deps.queue.ring(rings.map((ring) => ({ ...ring, repeated: true })));
      return rings.length;
    },
  };
}
