import type { RunRepository } from "@graphfleet/domain";
import type { Sweep } from "./sweep.js";

const BATCH = 500;

/**
 * Removes the threads of stateless runs. They stay for a while after the end, invisible, so that whoever waits for the
 * result gets it even when the tape is lost.
 */
export function temporarySweep(deps: {
  readonly runs: Pick<RunRepository, "sweepTemporary">;
  readonly keepSeconds: number;
}): Sweep {
  return {
    name: "temporary",
    everyMs: 5000,
    once: () => deps.runs.sweepTemporary(deps.keepSeconds, BATCH),
  };
}
