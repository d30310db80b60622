import type { FireCrons, Log } from "@graphfleet/domain";
import { schedule } from "node-cron";
import type { Sweep } from "../sweeps/sweep.js";

/** Bounds one piece of work, so that a stop need not wait long. */
const BATCH = 1000;

/** Fires crons whose moment has come. */
export const cronSweep = (fireCrons: FireCrons): Sweep => ({
  name: "crons",
  everyMs: 1000,
  once: () => fireCrons(BATCH),
});

/**
 * Does a round as each second of the clock begins, which is when crons are due: a batch, and more as long as they are
 * full. A round that takes longer leaves out the seconds it covers; one that fails is repeated by the next.
 *
 * @returns how to stop: no more rounds, and resolves when the present one is over.
 */
export function eachSecond(duty: { name: string; once: (stopping: AbortSignal) => Promise<number>; log: Log }) {
  const { name, once, log } = duty;
  const stopping = new AbortController();
  let round: Promise<void> | null = null;
  const work = async () => {
    while ((await once(stopping.signal)) >= BATCH && !stopping.signal.aborted);
  };
  const task = schedule(
    "* * * * * *",
    () => {
      round ??= work()
        .catch((error: unknown) => log.warn({ err: error, name }, "a round failed; the next one tries again"))
        .finally(() => (round = null));
    },
    // A second that was missed is made up for by the next: what is due stays due.
    { timezone: "UTC", suppressMissedWarning: true },
  );
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await task.destroy();
      await round;
    },
  };
}
