import type { RunRepository } from "@graphfleet/domain";
import { inBatches } from "./in-batches.js";
import type { Sweep } from "./sweep.js";

const BATCH = 100;
/** Bounds a round, so that its numbers come in time. */
const LIMIT = 10_000;

/**
 * Removes the threads of stateless runs. They stay for a while after the end, invisible, so that whoever waits for the
 * result gets it even when the tape is lost.
 */
export function temporarySweep(deps: {
  readonly runs: Pick<RunRepository, "sweepTemporary">;
  readonly keepSeconds: number;
}): Sweep {
  async function batch(most: number) {
    const wanted = Math.min(BATCH, most);
    const rows = await deps.runs.sweepTemporary(deps.keepSeconds, wanted);
    return { rows, more: rows === wanted };
  }

  return { name: "temporary", everyMs: 5000, once: (stopping) => inBatches({ batch, limit: LIMIT, stopping }) };
}
