import type { CronRepository } from "@graphfleet/domain";
import { inBatches } from "./in-batches.js";
import type { Sweep } from "./sweep.js";

const BATCH = 2000;
/** A round a minute: more than 3000 crons that fire each second can write in that time. */
const LIMIT = 200_000;
const EVERY_MS = 60_000;

/** Forgets firings of long ago. They grow with time and the number of crons, and nobody asks for old ones. */
export function cronLogSweep(deps: {
  readonly crons: Pick<CronRepository, "sweepFirings">;
  readonly keepSeconds: number;
}): Sweep {
  async function batch(most: number) {
    const wanted = Math.min(BATCH, most);
    const rows = await deps.crons.sweepFirings(deps.keepSeconds, wanted);
    return { rows, more: rows === wanted };
  }

  return { name: "cron_log", everyMs: EVERY_MS, once: (stopping) => inBatches({ batch, limit: LIMIT, stopping }) };
}
