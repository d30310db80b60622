import type { Authorizer } from "../auth/authorizer.js";
import { WHOLE_HOUSE } from "../auth/scope.js";
import { DomainError, isOutage } from "../errors.js";
import type { CronId, Ids } from "../ids.js";
import type { Log } from "../log.js";
import { type AdmittedRun, changesOf, makeRunAdmission } from "../runs/run-admission.js";
import type { RunRequest } from "../runs/run-request.js";
import type { Signals } from "../runs/signal-changes.js";
import type { Repositories, Storage } from "../storage.js";
import type { Cron, CronOwner } from "./cron.js";
import type { DueCron } from "./cron-repository.js";
import { NO_WEBHOOKS } from "../webhooks/webhook-gate.js";
import { missedFirings, nextFiring } from "./next-firing.js";

/** What became of a due cron. */
export interface CronOutcome {
  /** `refused`: it could not run, as when its thread is busy and it rejects that; it goes on with the next moment. */
  readonly kind: "fired" | "refused";
  /** Moments that passed without a run, since nobody looked in time. Not counted further than a hundred. */
  readonly missed: number;
  /** How long after its moment it was taken, on the ledger's clock. */
  readonly lateMs: number;
}

export interface FireCronsDeps {
  readonly storage: Storage;
  /** Asked at each firing, as the cron's owner. The cron also remembers what was said when it was made. */
  readonly authorizer: Authorizer;
  readonly signals: Signals;
  readonly ids: Ids;
  /** Without it, runs of crons tell nobody, whatever their cron asks for. */
  readonly sendsWebhooks?: boolean;
  readonly log: Log;
  readonly observe: (outcome: CronOutcome) => void;
}

/** Transactions at the same time in one process. Each holds a connection. */
const LANES = 2;

/** Crons in one transaction: many, to pay for a commit once; few, since it holds the threads of some of them. */
const BATCH = 20;

/** Nobody sits waiting for it: runs that a user asked for go first. */
export const CRON_PRIORITY = 10;

/** Counting takes time, and beyond this the number tells nothing more. */
const COUNT_MISSED = 100;

/**
 * Fires crons whose moment has come. One transaction makes the run, takes the moment and plans the next one, so each moment
 * makes one run however many schedulers there are and whenever they die. The runs are for who made the cron.
 */
export function makeFireCrons(deps: FireCronsDeps) {
  const { storage, authorizer, signals, ids, sendsWebhooks = true, log, observe } = deps;
  // Where a webhook leads was looked at when the cron was made, and is again when it is sent; here we hold locks.
  const admission = makeRunAdmission({ authorizer, ids, ...(sendsWebhooks ? {} : { webhookGate: NO_WEBHOOKS }) });

  /** @returns how many fired, up to `limit`. @throws what kept some from firing for now, after the others. */
  return async function fireCrons(limit: number): Promise<number> {
    const passed: CronId[] = [];
    const errors: unknown[] = [];
    let [left, done] = [limit, 0];
    const lane = async () => {
      let size = BATCH;
      while (left > 0) {
        const wanted = Math.min(size, left);
        left -= wanted;
        const batch = await fireBatch(wanted, passed);
        left += wanted - batch.outcomes.length;
        done += batch.outcomes.length;
        passed.push(...batch.passed);
        batch.outcomes.forEach(observe);
        if (batch.failed) size = 1;
        else if (batch.outcomes.length + batch.passed.length < wanted) return;
      }
    };
    await Promise.all(Array.from({ length: LANES }, () => lane().catch((error: unknown) => void errors.push(error))));
    if (errors.length > 0) throw errors[0];
    return done;
  };

  /** @throws when the ledger is away: what is due stays due. */
  async function fireBatch(limit: number, except: readonly CronId[]): Promise<Batch> {
    let due: readonly DueCron[] = [];
    try {
      const fired = await storage.transaction(async (tx) => {
        due = await tx.crons.claimDue(limit, except);
        const all: Fired[] = [];
        for (const one of due) all.push(await fire(tx, one));
        return all;
      });
      const made = fired.flatMap(({ run }) => (run === null ? [] : [run]));
      if (made.length > 0) await signals.announce(changesOf(made));
      return {
        outcomes: fired.flatMap(({ outcome }) => (outcome === null ? [] : [outcome])),
        passed: fired.flatMap(({ due: { cron }, outcome }) => (outcome === null ? [cron.id] : [])),
        failed: false,
      };
    } catch (error) {
      const [only, ...others] = due;
      if (only === undefined || isOutage(error)) throw error;
      // One of them spoils it for the others; one at a time it is found.
      if (others.length > 0) return { outcomes: [], passed: [], failed: true };
      return { outcomes: [await skip(storage, only, error)], passed: [], failed: true };
    }
  }

  async function fire(tx: Repositories, due: DueCron): Promise<Fired> {
    const { cron, owner, slot, now, threadIsFree, isTaken } = due;
    const passed = { due, run: null, outcome: null };
    if (!threadIsFree) return passed;
    const next = nextFiring(cron, now);
    if (isTaken) {
      await tx.crons.recordFiring({ cronId: cron.id, slot, runId: null, next });
      return passed;
    }
    const assistant = await tx.assistants.get(cron.assistantId, WHOLE_HOUSE);
    if (assistant === null) {
      // Deleted in the very moment in which the cron was made.
      await tx.crons.delete(cron.id, WHOLE_HOUSE);
      return passed;
    }
    let run: AdmittedRun;
    try {
      run = await admission.admit(
        tx,
        await admission.plan(requestOf(cron, owner), assistant, owner.caller, {
          within: owner.scope,
          priority: CRON_PRIORITY,
        }),
      );
    } catch (error) {
      // Refused, before anything was written.
      if (!(error instanceof DomainError) || isOutage(error)) throw error;
      return { due, run: null, outcome: await skip(tx, due, error) };
    }
    const isOurs = await tx.crons.recordFiring({ cronId: cron.id, slot, runId: run.run.id, next });
    if (!isOurs) throw new Error(`Cron ${cron.id} was fired for ${slot.toISOString()} by somebody else`);
    return { due, run, outcome: outcomeOf(due, "fired") };
  }

  /** Without this, a cron that cannot run would be the first one due for ever. */
  async function skip({ crons }: Pick<Repositories, "crons">, due: DueCron, error: unknown): Promise<CronOutcome> {
    const { cron, slot, now } = due;
    log.warn({ err: error, cron_id: cron.id, scheduled_for: slot }, "a cron could not start its run");
    await crons.recordFiring({ cronId: cron.id, slot, runId: null, next: nextFiring(cron, now) });
    return outcomeOf(due, "refused");
  }
}

/** What became of one due cron; without an outcome it waits for another round. */
interface Fired {
  readonly due: DueCron;
  readonly run: AdmittedRun | null;
  readonly outcome: CronOutcome | null;
}

interface Batch {
  readonly outcomes: readonly CronOutcome[];
  /** Not to be looked at again in this round. */
  readonly passed: readonly CronId[];
  /** Nothing of it was written. */
  readonly failed: boolean;
}

export type FireCrons = ReturnType<typeof makeFireCrons>;

const outcomeOf = ({ cron, slot, now }: DueCron, kind: CronOutcome["kind"]): CronOutcome => ({
  kind,
  missed: missedFirings(cron, slot, now, COUNT_MISSED),
  lateMs: now.getTime() - slot.getTime(),
});

const requestOf = (cron: Cron, { stamp }: CronOwner): RunRequest => ({
  ...cron.template,
  threadId: cron.threadId,
  assistant: cron.assistantId,
  metadata: { ...cron.metadata, ...stamp, cron_id: cron.id },
  onCompletion: cron.onRunCompleted ?? "keep",
  command: null,
  checkpoint: {},
  ifNotExists: "reject",
  afterSeconds: 0,
  feedbackKeys: [],
  langsmithTracer: null,
  attached: false,
});
