import {
  claimOf,
  EncryptionFailed,
  type ClaimedRun,
  type GraphError,
  type GraphRunner,
  type Log,
  type Outcome,
  type RestingState,
  type Ring,
  type RunQueue,
  type RunRepository,
  settlementOf,
  type Settlement,
  type TapeWriter,
} from "@graphfleet/domain";
import type { HeldRun } from "./lease-keeper.js";
import { reachLedger } from "./reach-ledger.js";
import type { Departure, RunObserver } from "./run-observer.js";

export interface SettleRunDeps {
  readonly runs: Pick<RunRepository, "settle" | "giveBack" | "rollBack">;
  readonly runner: Pick<GraphRunner, "snapshot">;
  readonly queue: RunQueue;
  /** Rings for the webhooks of runs that ended. */
  readonly webhooks: RunQueue;
  readonly observer: Pick<RunObserver, "refused">;
  readonly log: Log;
  readonly maxAttempts: number;
  /** How long a tape stays readable after its run ended. */
  readonly tapeKeepSeconds: number;
  /** Milliseconds between tries to reach a ledger that is away. */
  readonly retryDelaysMs: readonly number[];
}

/**
 * Writes what became of a run: tape first, then the ledger, then the tape's last page, then a ring for the run that
 * waits behind it. So whoever sees the end of a stream finds the final state in the ledger.
 */
export function makeSettleRun(deps: SettleRunDeps) {
  const { runs, runner, queue, webhooks, observer, log, maxAttempts, tapeKeepSeconds, retryDelaysMs } = deps;

  const reach = <T>(write: () => Promise<T>): Promise<T> => reachLedger(write, { retryDelaysMs, log });

  return async function settleRun(held: HeldRun, outcome: Outcome, tape: TapeWriter): Promise<Departure> {
    const settlement = settlementOf(outcome, held.run.attempt, maxAttempts);
    switch (settlement.kind) {
      case "end":
        return await end(held.run, outcome, settlement, tape);
      case "retry":
      case "give_back":
        return await giveBack(held.run, settlement.kind === "retry", tape);
      case "roll_back":
        return await rollBack(held.run, tape);
      case "abandon":
        await tape.release();
        return "abandoned";
    }
  };

  async function end(
    run: ClaimedRun,
    outcome: Outcome,
    settlement: Settlement & { kind: "end" },
    tape: TapeWriter,
  ): Promise<Departure> {
    const state = outcome.kind === "finished" ? outcome.finish : await restingState(run);
    try {
      return await write(run, outcome, settlement, state, tape);
    } catch (error) {
      if (!(error instanceof EncryptionFailed)) throw error;
      log.error({ err: error, run_id: run.id, thread_id: run.threadId }, "what a run left cannot be encrypted");
      // Then nothing of it is written, but why.
      const { name, message } = error;
      const failed = { kind: "failed", error: { error: name, message }, retryable: false } as const;
      const ending = { kind: "end", status: "error", ending: "failed", error: failed.error } as const;
      return await write(run, failed, ending, null, tape);
    }
  }

  async function write(
    run: ClaimedRun,
    outcome: Outcome,
    settlement: Settlement & { kind: "end" },
    state: RestingState | null,
    tape: TapeWriter,
  ): Promise<Departure> {
    if (settlement.error !== null) tape.append({ event: "error", data: JSON.stringify(settlement.error) });
    await tape.flush();

    const settled = await reach(() =>
      runs.settle(claimOf(run), {
        status: settlement.status,
        ending: settlement.ending,
        error: settlement.error,
        snapshot: state === null ? null : { values: state.values, interrupts: state.interrupts },
        checkpointId: state?.checkpointId ?? null,
        lastSeq: tape.lastSeq + 1,
      }),
    );
    if (settled.kind === "rollback_wanted") return await rollBack(run, tape);
    if (settled.kind === "stale") return await leave(run, tape);

    // A cancel that was acknowledged first won: the error is not on record, so nobody is told of it.
    const error = settled.status === settlement.status ? settlement.error : null;
    await tape.close({ status: settled.status, output: outputOf(outcome, error, state) }, tapeKeepSeconds);
    await ringNext(settled.next);
    if (run.spec.webhook !== null) await ringWebhook(run);
    log.info({ run_id: run.id, thread_id: run.threadId, status: settled.status, attempt: run.attempt }, "run ended");
    return settled.status;
  }

  async function giveBack(run: ClaimedRun, spent: boolean, tape: TapeWriter): Promise<Departure> {
    await tape.release();
    const settled = await reach(() => runs.giveBack(claimOf(run), { spent, lastEvent: tape.lastEvent }));
    if (settled.kind === "stale") return refused(run);

    await ringNext(settled.next && { ...settled.next, first: true });
    log.info({ run_id: run.id, attempt: run.attempt, spent }, "run given back");
    return spent ? "retried" : "given_back";
  }

  async function rollBack(run: ClaimedRun, tape: TapeWriter): Promise<Departure> {
    await tape.flush();
    const state = await runner.snapshot(threadOf(run), { without: run.id });
    const settled = await reach(() =>
      runs.rollBack(claimOf(run), {
        snapshot: { values: state.values, interrupts: state.interrupts },
        ending: state.next.length > 0 ? "paused" : "completed",
        lastSeq: tape.lastSeq + 1,
      }),
    );
    if (settled.kind === "stale") return await leave(run, tape);

    await tape.close({ status: "rolled_back", output: JSON.stringify(state.values ?? {}) }, tapeKeepSeconds);
    await ringNext(settled.next);
    log.info({ run_id: run.id, thread_id: run.threadId }, "run rolled back");
    return "rolled_back";
  }

  async function leave(run: ClaimedRun, tape: TapeWriter): Promise<Departure> {
    await tape.release();
    return refused(run);
  }

  function refused(run: ClaimedRun): Departure {
    observer.refused(run, "run");
    log.warn({ run_id: run.id, fence: run.fence }, "another worker owns this run now; its result here is void");
    return "abandoned";
  }

  /** What a run that did not finish left behind. Not knowing must not keep it from ending. */
  async function restingState(run: ClaimedRun): Promise<RestingState | null> {
    if (run.spec.temporary) return null;
    try {
      return await runner.snapshot(threadOf(run), { without: null });
    } catch (error) {
      log.warn({ err: error, run_id: run.id }, "the state that a run left behind could not be read");
      return null;
    }
  }

  /** The ledger owes the delivery since the settlement; this makes it prompt. */
  async function ringWebhook({ id, threadId }: ClaimedRun): Promise<void> {
    try {
      await webhooks.ring([{ runId: id, threadId, fence: 0 }]);
    } catch (error) {
      log.warn({ err: error, run_id: id }, "a ring got lost; the webhook sweep will repeat it");
    }
  }

  async function ringNext(ring: Ring | null): Promise<void> {
    if (ring === null) return;
    try {
      await queue.ring([ring]);
    } catch (error) {
      log.warn({ err: error, run_id: ring.runId }, "a ring got lost; the doorbell sweep will repeat it");
    }
  }
}

export type SettleRun = ReturnType<typeof makeSettleRun>;

const threadOf = (run: ClaimedRun) => ({ id: run.threadId, graphId: run.spec.graphId, config: run.spec.config });

function outputOf(outcome: Outcome, error: GraphError | null, state: { readonly values: unknown } | null): string {
  if (error !== null) return JSON.stringify({ __error__: error });
  return outcome.kind === "finished" ? outcome.finish.output : JSON.stringify(state?.values ?? {});
}
