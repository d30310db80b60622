import { type Failpoint, withPoints } from "@graphfleet/chassis";
import type { Storage, TapeWriter } from "@graphfleet/domain";
import type { WorkerParts } from "./worker.js";

/**
 * Every boundary between two writes of a worker, as a place where a test can kill it. A run must end exactly once,
 * wherever its worker dies. The API has one such place of its own, and the scheduler two: see their failpoints.ts.
 */
export const FAILPOINTS = [
  /** The bell has handed the ring out; nobody has claimed. */
  "ring.heard",
  /** The run is ours by the ledger; nobody holds it. */
  "claim.committed",
  /** The tape is open to us and closed to earlier attempts. */
  "tape.opened",
  /** A step was made and its readers were told; it is not saved. With `:n`, the nth batch of checkpoints. */
  "checkpoint.unwritten",
  /** A step was saved; with `:n`, the nth batch of checkpoints. */
  "checkpoint.written",
  /** The graph has come to rest and everything is saved. */
  "graph.finished",
  /** Every event is on the tape; the ledger says "running". */
  "tape.flushed",
  /** The ledger says how it ended; the tape has no last page. */
  "settle.committed",
  /** The last page is written; the thread's next run is not rung for. */
  "tape.closed",
  /** The next run was rung for; our own ring is not ticked off. */
  "next.rung",
  /** The run is to be given back; the ledger does not know. */
  "tape.released",
  /** The run waits again; nobody was rung for. */
  "giveback.committed",
  /** The run is to be rolled back, and the state without it is known; the ledger has both still. */
  "rollback.prepared",
  /** The run and what it wrote is gone; its readers do not know. */
  "rollback.committed",
  /** A run with a webhook has ended; nobody was rung for its delivery. */
  "webhook.unrung",
  /** The delivery is ours by the ledger; nothing was sent. */
  "webhook.claimed",
  /** The receiver has answered; the ledger does not know. */
  "webhook.sent",
  /** The ledger knows what came of it; nobody was rung for the next try. */
  "webhook.finished",
] as const;

export type WorkerFailpoint = (typeof FAILPOINTS)[number];
type At = Failpoint<WorkerFailpoint>;

/** The ledger with its points. The runtime has to be opened on it: it writes the checkpoints. */
export function storageWithFailpoints(storage: Storage, at: At): Storage {
  return {
    ...storage,
    runs: withPoints(storage.runs, {
      claim: { before: () => at("ring.heard"), after: () => at("claim.committed") },
      settle: { after: () => at("settle.committed") },
      giveBack: { after: () => at("giveback.committed") },
      rollBack: { before: () => at("rollback.prepared"), after: () => at("rollback.committed") },
    }),
    checkpoints: withPoints(storage.checkpoints, {
      write: { before: () => at("checkpoint.unwritten"), after: () => at("checkpoint.written") },
    }),
    deliveries: withPoints(storage.deliveries, {
      // Only a claim that found something passes its point.
      claim: { after: (claim) => void (claim !== null && at("webhook.claimed")) },
      finish: { before: () => at("webhook.sent"), after: () => at("webhook.finished") },
    }),
  };
}

/** Everything else that a worker writes to. */
export function partsWithFailpoints(
  { bus, queue, webhooks, runner }: Pick<WorkerParts, "bus" | "queue" | "webhooks" | "runner">,
  at: At,
): Pick<WorkerParts, "bus" | "queue" | "webhooks" | "runner"> {
  return {
    bus: withPoints(bus, { open: { after: (tape) => tapeWithFailpoints(tape, at) } }),
    queue: withPoints(queue, { ring: { after: () => at("next.rung") } }),
    webhooks: withPoints(webhooks, { ring: { before: () => at("webhook.unrung") } }),
    runner: withPoints(runner, { execute: { after: () => at("graph.finished") } }),
  };
}

function tapeWithFailpoints(tape: TapeWriter, at: At): TapeWriter {
  at("tape.opened");
  return withPoints(tape, {
    flush: { after: () => at("tape.flushed") },
    close: { after: () => at("tape.closed") },
    release: { after: () => at("tape.released") },
  });
}
