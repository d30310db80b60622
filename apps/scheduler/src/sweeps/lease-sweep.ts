import type { Log, RunRepository, Signals } from "@graphfleet/domain";
import type { Sweep } from "./sweep.js";

const BATCH = 100;

/** Takes runs away from workers that no longer renew their lease, and hands them on, ends them, or gives up on them. */
export function leaseSweep(deps: {
  readonly runs: Pick<RunRepository, "reapExpired">;
  readonly signals: Signals;
  readonly log: Log;
  readonly maxAttempts: number;
}): Sweep {
  const { runs, signals, log, maxAttempts } = deps;

  return {
    name: "lease",
    everyMs: 500,
    async once() {
      const reaped = await runs.reapExpired({ maxAttempts, limit: BATCH });
      for (const { runId, threadId, outcome } of reaped) {
        log.warn({ run_id: runId, thread_id: threadId, outcome }, "a run lost its worker");
      }
      await signals.announce({
        rings: reaped.flatMap(({ ring, outcome }) => {
          if (ring === null) return [];
          // It has waited for a lease already; it does not wait in line again.
          return [outcome === "requeued" ? { ...ring, first: true } : ring];
        }),
        // Readers of a run that ended here learn it from the ledger.
        cancelled: reaped
          .filter(({ outcome }) => outcome !== "requeued")
          .map(({ runId, threadId }) => ({ runId, threadId, state: "done" as const, ring: null })),
      });
      return reaped.length;
    },
  };
}
