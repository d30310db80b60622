import {
  type ClaimedRun,
  claimOf,
  goesOnBehind,
  isOutage,
  type GraphRunner,
  type Lease,
  LeaseLost,
  type Log,
  type Outcome,
  type Ring,
  type RunRepository,
  sealingFor,
  type StopReason,
  type StreamBus,
  type TapeWriter,
} from "@graphfleet/domain";
import { answerable } from "./blame.js";
import type { HeldRun, LeaseKeeper } from "./lease-keeper.js";
import type { SettleRun } from "./settle-run.js";
import type { RunObserver } from "./run-observer.js";
import type { SuspectSeat } from "./suspect-seat.js";
import type { Zombies } from "./zombies.js";

export interface RunProcessorDeps {
  readonly runs: Pick<RunRepository, "claim">;
  readonly bus: StreamBus;
  readonly runner: GraphRunner;
  readonly suspects: SuspectSeat;
  readonly keeper: LeaseKeeper;
  readonly settleRun: SettleRun;
  readonly zombies: Pick<Zombies, "stopOrLeave">;
  readonly describeError: (error: unknown) => { readonly error: string; readonly message: string };
  readonly lease: Lease;
  readonly observer: RunObserver;
  readonly log: Log;
}

/** Takes one ring through the workshop: claim, hold, perform, settle. */
export function makeRunProcessor(deps: RunProcessorDeps) {
  const { runs, suspects, bus, runner, keeper, settleRun, zombies, describeError, lease, observer, log } = deps;

  /** Safe to call twice for the same ring: the ledger gives a run to one caller. */
  return async function processRing(ring: Pick<Ring, "threadId">): Promise<void> {
    const turn = suspects.take();
    try {
      const run = await runs.claim(ring, lease, turn.only);
      if (run === null) return;

      turn.brought(run);
      await sealingFor(run.auth.encryptionContext, () => process(run));
    } finally {
      turn.leave();
    }
  };

  async function process(run: ClaimedRun): Promise<void> {
    const held = keeper.hold(run);
    observer.started(run);
    try {
      const tape = await bus.open({
        threadId: run.threadId,
        runId: run.id,
        attempt: run.attempt,
        claim: run.fence,
        seqBase: run.seqBase,
        lastEvent: run.lastEvent,
        createdAt: run.createdAt.getTime(),
      });
      held.report(() => tape.lastEvent);

      const outcome = await perform(held, tape);
      const settled = await settleRun(held, outcome, tape);
      if (tape.fenced) observer.refused(run, "tape");
      observer.ended(run, settled);
    } catch (error) {
      // The ledger still says "running" under our fence: the lease will run out and the run goes on elsewhere.
      log.error({ err: error, ...claimOf(run) }, "a run could not be settled; the lease sweep will take it over");
      observer.ended(run, "abandoned");
    } finally {
      held.release();
    }
  }

  async function perform({ run, signal }: HeldRun, tape: TapeWriter): Promise<Outcome> {
    if (signal.aborted) return stopped(signal);
    log.info(fields(run), "run started");

    const unfit = run.unreadable ?? tape.unusable;
    if (unfit !== undefined) {
      log.error({ ...fields(run), err: unfit }, "a run cannot be read, or what it says cannot be encrypted");
      return { kind: "failed", error: describeError(unfit), retryable: false };
    }
    // A run that was given back goes on in the same attempt, which readers know of.
    if (run.attempt > 1 || !goesOnBehind(tape.lastEvent))
      tape.append({ event: "metadata", data: JSON.stringify({ run_id: run.id, attempt: run.attempt }) });
    const { result: execution, blamed } = answerable(signal, (stop) =>
      runner.execute(run, {
        signal: stop,
        emit: (event) => tape.append(event),
        told: () => tape.caughtUp(),
      }),
    );
    execution.catch((error: unknown) => {
      if (error instanceof LeaseLost) observer.refused(run, "checkpoint");
    });
    try {
      const finish = await zombies.stopOrLeave(run, AbortSignal.any([signal, blamed]), execution);
      return { kind: "finished", finish };
    } catch (error) {
      if (signal.aborted) return stopped(signal);
      if (blamed.aborted) return failed(run, blamed.reason, false);
      if (error instanceof LeaseLost) return { kind: "stopped", reason: "lease_lost" };
      return failed(run, error, isOutage(error));
    }
  }

  function failed(run: ClaimedRun, error: unknown, retryable: boolean): Outcome {
    log.info({ ...fields(run), err: error }, "graph failed");
    return { kind: "failed", error: describeError(error), retryable };
  }
}

const fields = (run: ClaimedRun) => ({
  run_id: run.id,
  thread_id: run.threadId,
  graph_id: run.spec.graphId,
  attempt: run.attempt,
});

const stopped = (signal: AbortSignal): Outcome => ({ kind: "stopped", reason: signal.reason as StopReason });
