import { type Claim, type Ending, type RunRepository, WHOLE_HOUSE } from "@graphfleet/domain";
import type { RunFields, TestLedger } from "@graphfleet/testkit";

export const LEASE = { owner: "worker-1", seconds: 15 };
export const COMPLETED: Ending = {
  status: "success",
  ending: "completed",
  error: null,
  snapshot: { values: { messages: ["hi"] }, interrupts: {} },
  checkpointId: "1ef",
  lastSeq: 0,
};

/** What tests of runs do again and again. `ledger` is asked when a test runs. */
export function heldRuns(ledger: () => TestLedger) {
  const runs = (): RunRepository => ledger().storage.runs;
  return {
    runs,
    /** The thread of a run as it is now. */
    threadOf: async (run: { readonly threadId: Claim["threadId"] }) =>
      (await ledger().storage.threads.get(run.threadId, WHOLE_HOUSE))!,
    /** A new run, held by a worker. */
    async claimed(fields: RunFields = {}) {
      const run = await ledger().make.run(fields);
      return (await runs().claim(run, LEASE))!;
    },
  };
}
