import type { Caller, CancelRun, Log, Run } from "@graphfleet/domain";
import type { Listener } from "../http/disconnect.js";

/** Cancels a run when its client went away before the end. A stop of this process is no goodbye: the client will be back. */
export type CancelAbandoned = (run: Run, listener: Listener, caller: Caller) => Promise<void>;

export function makeCancelAbandoned({ cancelRun, log }: { cancelRun: CancelRun; log: Log }): CancelAbandoned {
  return async function cancelAbandoned(run, listener, caller) {
    if (listener.farewell() !== "client_left") return;
    try {
      const request = { threadId: run.threadId, runId: run.id, action: "interrupt", wait: false } as const;
      await cancelRun(request, caller, listener.signal);
    } catch (error) {
      // Nobody is left to hear of it. A run that vanished in between is as good as cancelled.
      log.warn({ err: error, run_id: run.id }, "a run whose client left could not be cancelled");
    }
  };
}
