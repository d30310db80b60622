import {
  type ClaimedRun,
  claimOf,
  type Interrupts,
  type Json,
  type LastEnding,
  type RingConsumer,
  type TapeWriter,
} from "@graphfleet/domain";
import type { TestApi } from "./open-api.js";

/** What a scripted run left behind. */
export interface Performed {
  readonly values?: Json;
  readonly error?: { readonly error: string; readonly message: string };
  readonly interrupted?: boolean;
  readonly paused?: boolean;
  readonly interrupts?: Interrupts;
  readonly checkpointId?: string | null;
}

export type Perform = (run: ClaimedRun, tape: TapeWriter) => Promise<Performed>;

/** Says its input as values, and ends with them. */
export const echo: Perform = async ({ spec }, tape) => {
  tape.append({ event: "values", data: JSON.stringify(spec.input) });
  return { values: spec.input };
};

/** Claims, performs, settles and closes the tape like a worker, with a script instead of a graph. */
export function startTestWorker({ ledger, bus, queue, control }: TestApi, perform: Perform = echo): RingConsumer {
  const { runs } = ledger.storage;

  return queue.consume({
    concurrency: 4,
    handle: async ({ threadId }) => {
      const run = await runs.claim({ threadId }, { owner: "test", seconds: 60 });
      if (run === null) return;

      const { id: runId, attempt, fence: claim, seqBase, lastEvent } = run;
      const tape = await bus.open({ threadId: run.threadId, runId, attempt, claim, seqBase, lastEvent, createdAt: 0 });
      tape.append({ event: "metadata", data: JSON.stringify({ run_id: runId, attempt }) });
      const done = await orCancelled(run, () => perform(run, tape));
      if (done.error !== undefined) tape.append({ event: "error", data: JSON.stringify(done.error) });
      await tape.flush();

      const output = JSON.stringify(done.error === undefined ? (done.values ?? {}) : { __error__: done.error });
      const status = done.error !== undefined ? "error" : done.interrupted === true ? "interrupted" : "success";
      const settled = await runs.settle(claimOf(run), {
        status,
        ending: endingOf(done),
        error: done.error ?? null,
        snapshot: done.values === undefined ? null : { values: done.values, interrupts: done.interrupts ?? {} },
        checkpointId: done.checkpointId ?? null,
        lastSeq: tape.lastSeq + 1,
      });
      let next = settled.kind === "settled" ? settled.next : null;
      if (settled.kind === "rollback_wanted") {
        const snapshot = { values: {}, interrupts: {} };
        const rolledBack = await runs.rollBack(claimOf(run), { snapshot, ending: "none", lastSeq: tape.lastSeq + 1 });
        next = rolledBack.kind === "settled" ? rolledBack.next : null;
      }
      await tape.close({ status: settled.kind === "rollback_wanted" ? "rolled_back" : status, output }, 60);
      if (next !== null) await queue.ring([next]);
    },
  });

  /** A hint, or the mark on the row, whichever comes first. */
  async function orCancelled(run: ClaimedRun, work: () => Promise<Performed>): Promise<Performed> {
    let unsubscribe = (): void => undefined;
    const cancelled = new Promise<Performed>((resolve) => {
      unsubscribe = control.subscribe((hint) => {
        if (hint.runId === run.id) resolve({ interrupted: true });
      });
      if (run.cancelAction !== null) resolve({ interrupted: true });
    });
    try {
      return await Promise.race([work(), cancelled]);
    } finally {
      unsubscribe();
    }
  }
}

function endingOf({ error, interrupted, paused }: Performed): LastEnding {
  if (error !== undefined) return "failed";
  if (interrupted === true) return "cancelled";
  return paused === true ? "paused" : "completed";
}
