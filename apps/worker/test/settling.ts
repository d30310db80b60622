import {
  type ClaimedRun,
  type EncryptionFailed,
  type Ending,
  type EndingSettled,
  type Outcome,
  type RestingState,
  type RunRepository,
  type Settled,
  type StopReason,
  type TerminalStatus,
  unavailable,
} from "@graphfleet/domain";
import { makeSettleRun } from "../src/runs/settle-run.js";
import { aClaimedRun, aFinish, aLog, FakeQueue, FakeTape, ring, runId } from "./fakes.js";

type Facts = Parameters<typeof aClaimedRun>[0];
type RolledBack = Parameters<RunRepository["rollBack"]>[1];

export const RESTING: RestingState = { values: { kept: true }, interrupts: {}, next: [], checkpointId: "c-9" };
export const boom = { error: "Boom", message: "no" };

export const finished = (facts?: Parameters<typeof aFinish>[0]): Outcome => ({
  kind: "finished",
  finish: aFinish(facts),
});
export const failed = (retryable = false): Outcome => ({ kind: "failed", error: boom, retryable });
export const stopped = (reason: StopReason): Outcome => ({ kind: "stopped", reason });

/** settleRun with a ledger, a bell and a tape that write down, in one journal, what it asked of them. */
export function setUp(facts: Facts = {}, { retryDelaysMs = [] as readonly number[] } = {}) {
  const run: ClaimedRun = aClaimedRun(facts);
  const journal: string[] = [];
  const { log, sentences } = aLog();
  const endings: Ending[] = [];
  const givenBack: { spent: boolean; lastEvent: number }[] = [];
  const rolledBack: RolledBack[] = [];
  const queue = new FakeQueue(journal);
  const webhooks = new FakeQueue(journal);
  const tape = new FakeTape(journal, { lastEvent: 4, lastSeq: 110 });

  /** What the ledger will answer. `outages` counts down. */
  const ledger = {
    outages: 0,
    answer: null as EndingSettled | null,
    settled: { kind: "settled", next: ring(2) } as Settled,
    bug: null as Error | null,
    /** Why no state can be written. */
    unsealable: null as EncryptionFailed | null,
    state: (_options: { readonly without: string | null }): Promise<RestingState> => Promise.resolve(RESTING),
  };
  const reach = (what: string) => {
    journal.push(what);
    if (ledger.bug !== null) throw ledger.bug;
    if (ledger.outages-- > 0) throw unavailable("Postgres is away");
  };
  const settleRun = makeSettleRun({
    runs: {
      settle: async (_claim, ending) => {
        reach("settle");
        if (ledger.unsealable !== null && ending.snapshot !== null) throw ledger.unsealable;
        endings.push(ending);
        return ledger.answer ?? { kind: "settled", status: ending.status, next: ring(2) };
      },
      giveBack: async (_claim, how) => {
        reach("give back");
        givenBack.push(how);
        return ledger.settled;
      },
      rollBack: async (_claim, thread) => {
        reach("roll back");
        rolledBack.push(thread);
        return ledger.settled;
      },
    },
    runner: {
      snapshot: async (_thread, options) => {
        journal.push(options.without === null ? "snapshot" : `snapshot without ${options.without}`);
        return await ledger.state(options);
      },
    },
    queue,
    webhooks,
    observer: { refused: () => {} },
    log,
    maxAttempts: 3,
    tapeKeepSeconds: 60,
    retryDelaysMs,
  });
  const held = { run, signal: new AbortController().signal, report: () => {}, release: () => {} };
  const settle = (outcome: Outcome) => settleRun(held, outcome, tape);
  return { run, journal, sentences, endings, givenBack, rolledBack, queue, webhooks, tape, ledger, settle };
}

export const NEXT = `ring ${runId(2)}`;
export const settledAs = (status: TerminalStatus): EndingSettled => ({ kind: "settled", status, next: null });
