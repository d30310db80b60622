import { allowAll } from "../auth/authorizer.js";
import { WHOLE_HOUSE } from "../auth/scope.js";
import { isOutage } from "../errors.js";
import type { CronId, Ids } from "../ids.js";
import type { Log } from "../log.js";
import { type AdmittedRun, changesOf, makeRunAdmission } from "../runs/run-admission.js";
import type { RunRequest } from "../runs/run-request.js";
import type { Signals } from "../runs/signal-changes.js";
import type { Repositories, Storage } from "../storage.js";
import type { Cron } from "./cron.js";
import type { DueCron } from "./cron-repository.js";
import { nextFiring } from "./next-firing.js";

/**
 * What became of a due cron. `caught_up`: it fired once for several moments that had passed. `refused`: it could not run,
 * as when its thread is busy and it rejects that; it goes on with the next moment.
 */
export type CronOutcome = "fired" | "caught_up" | "refused";

export interface FireCronsDeps {
  readonly storage: Storage;
  readonly signals: Signals;
  readonly ids: Ids;
  readonly log: Log;
  readonly observe: (outcome: CronOutcome) => void;
}

/** Crons that one process fires at the same time. Each holds a connection. */
const LANES = 2;

/**
 * Fires crons whose moment has come. One transaction takes the moment, makes the run and plans the next moment, so each
 * moment makes one run however many schedulers there are and whenever they die. Who may do this was decided when the cron
 * was made; its runs are for who made it.
 */
export function makeFireCrons({ storage, signals, ids, log, observe }: FireCronsDeps) {
  const admission = makeRunAdmission({ authorizer: allowAll, ids });

  /** @returns how many were due, up to `limit`. @throws what kept one from firing for now, after the others. */
  return async function fireCrons(limit: number): Promise<number> {
    const passed: CronId[] = [];
    const errors: unknown[] = [];
    let [left, done] = [limit, 0];
    const fail = (error: unknown) => {
      errors.push(error);
      return null;
    };
    const lane = async () => {
      while (left-- > 0) {
        const outcome = await fireNext(passed, errors).catch(fail);
        if (outcome === null) return;
        if (outcome === "passed") continue;
        observe(outcome);
        done++;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (errors.length > 0) throw errors[0];
    return done;
  };

  /** @returns null when no cron is due. `passed` are those that have to wait for another round. */
  async function fireNext(passed: CronId[], errors: unknown[]): Promise<CronOutcome | "passed" | null> {
    let due: DueCron | null = null;
    try {
      const fired = await storage.transaction(async (tx) => {
        due = await tx.crons.claimDue(passed);
        return due?.threadIsFree ? await fire(tx, due) : null;
      });
      if (due === null) return null;
      if (fired === null) return pass(due);
      await signals.announce(changesOf([fired]));
      return outcomeOf(due);
    } catch (error) {
      if (due === null) throw error;
      if (!isOutage(error)) return await skip(due, error);
      errors.push(error);
      return pass(due);
    }

    function pass({ cron }: DueCron): "passed" {
      passed.push(cron.id);
      return "passed";
    }
  }

  async function fire(tx: Repositories, { cron, caller, slot, now }: DueCron): Promise<AdmittedRun | null> {
    const assistant = await tx.assistants.get(cron.assistantId, WHOLE_HOUSE);
    if (assistant === null) {
      // Deleted in the very moment in which the cron was made.
      await tx.crons.delete(cron.id, WHOLE_HOUSE);
      return null;
    }
    const planned = await admission.plan(requestOf(cron), assistant, caller);
    const firing = { cronId: cron.id, slot, runId: planned.runId, next: nextFiring(cron, now) };
    return (await tx.crons.recordFiring(firing)) ? await admission.admit(tx, planned) : null;
  }

  /** Without this, a cron that cannot run would be the first one due for ever. */
  async function skip({ cron, slot, now }: DueCron, error: unknown): Promise<CronOutcome> {
    log.warn({ err: error, cron_id: cron.id, scheduled_for: slot }, "a cron could not start its run");
    await storage.crons.recordFiring({ cronId: cron.id, slot, runId: null, next: nextFiring(cron, now) });
    return "refused";
  }
}

export type FireCrons = ReturnType<typeof makeFireCrons>;

function outcomeOf({ cron, slot, now }: DueCron): CronOutcome {
  const second = nextFiring(cron, slot);
  return second !== null && second <= now ? "caught_up" : "fired";
}

const requestOf = (cron: Cron): RunRequest => ({
  ...cron.template,
  threadId: cron.threadId,
  assistant: cron.assistantId,
  metadata: { ...cron.metadata, cron_id: cron.id },
  onCompletion: cron.onRunCompleted ?? "keep",
  command: null,
  checkpoint: {},
  ifNotExists: "reject",
  afterSeconds: 0,
  feedbackKeys: [],
  langsmithTracer: null,
  attached: false,
});
