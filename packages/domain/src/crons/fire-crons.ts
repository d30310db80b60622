import type { Assistant } from "../assistants/assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import { WHOLE_HOUSE } from "../auth/scope.js";
import { isUnreadable, type Unreadable } from "../encryption/unreadable.js";
import { DomainError, isOutage } from "../errors.js";
import type { AssistantId, CronId, Ids, RunId } from "../ids.js";
import type { Log } from "../log.js";
import {
  type Admitted,
  type AdmittedRun,
  changesOf,
  makeRunAdmission,
  type PlannedRun,
} from "../runs/run-admission.js";
import type { RunRequest } from "../runs/run-request.js";
import type { Signals } from "../runs/signal-changes.js";
import type { Repositories, Storage } from "../storage.js";
import { NO_WEBHOOKS } from "../webhooks/webhook-gate.js";
import type { Cron, CronOwner } from "./cron.js";
import type { DueCron, DueCrons, Firing } from "./cron-repository.js";
import { makeTimetable } from "./next-firing.js";

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

/**
 * Crons in one transaction: many, to pay for statements and commits once. Those on threads hold them until the commit, and
 * users wait for that.
 */
const BATCH = { own: 250, given: 20 } as const;

/** How many callers are asked about at the same time: handlers of a project may ask a server of their own. */
const ASKED_AT_ONCE = 25;

/** Nobody sits waiting for it: runs that a user asked for go first. */
export const CRON_PRIORITY = 10;

/** Counting takes time, and beyond this the number tells nothing more. */
const COUNT_MISSED = 100;

/**
 * Fires crons whose moment has come. One transaction makes the runs, takes the moments and plans the next ones, so each
 * moment makes one run however many schedulers there are and whenever they die. The runs are for who made the cron.
 */
export function makeFireCrons(deps: FireCronsDeps) {
  const { storage, authorizer, signals, ids, sendsWebhooks = true, log, observe } = deps;
  // Where a webhook leads was looked at when the cron was made, and is again when it is sent; here we hold locks.
  const admission = makeRunAdmission({ authorizer, ids, ...(sendsWebhooks ? {} : { webhookGate: NO_WEBHOOKS }) });

  /** @returns how many fired, up to `limit`. @throws what kept some from firing for now, after the others. */
  return async function fireCrons(limit: number): Promise<number> {
    const timetable = makeTimetable(COUNT_MISSED);
    const passed: CronId[] = [];
    const errors: unknown[] = [];
    let [left, done] = [limit, 0];
    const fireAll = async (threads: DueCrons["threads"]) => {
      let size: number = BATCH[threads];
      while (left > 0) {
        const wanted = Math.min(size, left);
        left -= wanted;
        const batch = await fireBatch({ threads, limit: wanted, except: passed }, timetable);
        left += wanted - batch.outcomes.length;
        done += batch.outcomes.length;
        passed.push(...batch.passed);
        batch.outcomes.forEach(observe);
        if (!batch.failed && batch.looked < wanted) return;
        // One of them spoils it for the others. In ever smaller batches it is found, and the others are not kept.
        size = batch.failed ? Math.ceil(size / 4) : Math.min(size * 4, BATCH[threads]);
      }
    };
    // Two transactions at the same time; each holds a connection.
    const lanes = [fireAll("given").then(() => fireAll("own")), fireAll("own")];
    await Promise.all(lanes.map((lane) => lane.catch((error: unknown) => void errors.push(error))));
    if (errors.length > 0) throw errors[0];
    return done;
  };

  /** @throws when the ledger is away: what is due stays due. */
  async function fireBatch(which: DueCrons, timetable: Timetable): Promise<Batch> {
    let due: readonly DueCron[] = [];
    try {
      // Code of the project may take its time: nothing is locked meanwhile. What is due is looked at again afterwards.
      const ahead =
        authorizer.asksNobody === true ? null : await askAbout(storage, await storage.crons.claimDue(which));
      const { admitted, ...batch } = await storage.transaction(async (tx) => {
        due = await tx.crons.claimDue(which);
        return await fire(tx, due, ahead === null ? await askAbout(tx, due) : stillTrue(ahead, due), timetable);
      });
      if (admitted.length > 0) await signals.announce(changesOf(admitted));
      return { ...batch, looked: due.length, failed: false };
    } catch (error) {
      const [only, ...others] = due;
      if (only === undefined || isOutage(error)) throw error;
      if (others.length > 0) return { outcomes: [], passed: [], looked: due.length, failed: true };
      noteRefusal(only, error);
      await storage.crons.recordFirings([firingOf(only, null, timetable)]);
      return { outcomes: [outcomeOf(only, "refused", timetable)], passed: [], looked: 1, failed: false };
    }
  }

  /** Asks whether those which can start now may, a few at a time. */
  async function askAbout(from: Repositories, due: readonly DueCron[]): Promise<readonly Asked[]> {
    const ready = due.filter(isReady);
    const assistants = await assistantsOf(from, ready);
    const ask = async (one: DueCron): Promise<Asked> => {
      const assistant = assistants.get(one.cron.assistantId) ?? null;
      return { due: one, planned: assistant && (await plan(one, assistant)) };
    };
    const asked: Asked[] = [];
    const waiting = ready.entries();
    // Each asks on by itself: an answer that takes long keeps one of them, and not those who ask beside it.
    const askOn = async () => {
      try {
        for (const [at, one] of waiting) asked[at] = await ask(one);
      } catch (error) {
        // What they say is of no use any more.
        while (waiting.next().done !== true);
        throw error;
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOn));
    return asked;
  }

  async function fire(
    tx: Repositories,
    due: readonly DueCron[],
    asked: readonly Asked[],
    timetable: Timetable,
  ): Promise<Fired> {
    const admitted: Admitted[] = [];
    const started: Started[] = [];
    const together: { readonly due: DueCron; readonly planned: PlannedRun }[] = [];
    for (const { due: one, planned } of asked) {
      // Deleted in the very moment in which the cron was made.
      if (planned === null) await tx.crons.delete(one.cron.id, WHOLE_HOUSE);
      else if (planned === "refused") started.push({ due: one, runId: null });
      else if (one.cron.threadId === null) together.push({ due: one, planned });
      else {
        const run = await admit(tx, one, planned);
        if (run !== null) admitted.push(run);
        started.push({ due: one, runId: run?.run.id ?? null });
      }
    }
    admitted.push(
      ...(await admission.admitOnOwnThreads(
        tx,
        together.map(({ planned }) => planned),
      )),
    );
    started.push(...together.map(({ due: one, planned }) => ({ due: one, runId: planned.runId })));

    const again = due.filter(({ threadIsFree, isTaken }) => threadIsFree && isTaken);
    const firings = [...started, ...again.map((one) => ({ due: one, runId: null }))];
    const taken = await tx.crons.recordFirings(firings.map(({ due: one, runId }) => firingOf(one, runId, timetable)));
    for (const { due: one } of started)
      if (!taken.has(one.cron.id))
        throw new Error(`Cron ${one.cron.id} was fired for ${one.slot.toISOString()} by somebody else`);
    return {
      admitted,
      outcomes: started.map(({ due: one, runId }) => outcomeOf(one, runId === null ? "refused" : "fired", timetable)),
      // Who was not asked about is looked at again.
      passed: due.flatMap((one) =>
        started.some((it) => it.due === one) || (isReady(one) && !asked.some((it) => it.due === one))
          ? []
          : [one.cron.id],
      ),
    };
  }

  async function plan(due: DueCron, assistant: Assistant | Unreadable): Promise<PlannedRun | "refused"> {
    const { cron, owner, slot, unreadable } = due;
    try {
      if (unreadable !== undefined) throw unreadable;
      if (isUnreadable(assistant)) throw assistant;
      const options = { within: owner.scope, priority: CRON_PRIORITY };
      return await admission.plan(requestOf(cron, owner), assistant, owner.caller, options);
    } catch (error) {
      // A handler that fails refuses; it is no reason to keep the others waiting.
      if (isOutage(error)) throw error;
      noteRefusal({ cron, slot }, error);
      return "refused";
    }
  }

  async function admit(tx: Repositories, { cron, slot }: DueCron, planned: PlannedRun): Promise<AdmittedRun | null> {
    try {
      return await admission.admit(tx, planned);
    } catch (error) {
      // Refused, before anything was written.
      if (!isRefusal(error)) throw error;
      noteRefusal({ cron, slot }, error);
      return null;
    }
  }

  function noteRefusal({ cron, slot }: Pick<DueCron, "cron" | "slot">, error: unknown): void {
    log.warn({ err: error, cron_id: cron.id, scheduled_for: slot }, "a cron could not start its run");
  }
}

export type FireCrons = ReturnType<typeof makeFireCrons>;

type Timetable = ReturnType<typeof makeTimetable>;

/** `planned` is null when its assistant is gone. */
interface Asked {
  readonly due: DueCron;
  readonly planned: PlannedRun | "refused" | null;
}

/** A moment that is over with this transaction, with a run or, if that was refused, without. */
interface Started {
  readonly due: DueCron;
  readonly runId: RunId | null;
}

interface Round {
  readonly outcomes: readonly CronOutcome[];
  /** Not to be looked at again in this round. */
  readonly passed: readonly CronId[];
}

interface Fired extends Round {
  readonly admitted: readonly Admitted[];
}

interface Batch extends Round {
  /** How many were due. */
  readonly looked: number;
  /** Nothing of it was written. */
  readonly failed: boolean;
}

const isReady = ({ threadIsFree, isTaken }: DueCron): boolean => threadIsFree && !isTaken;

/** The answers about crons that are due now and are what they were when somebody asked. */
function stillTrue(asked: readonly Asked[], due: readonly DueCron[]): readonly Asked[] {
  const byId = new Map(asked.map((one) => [one.due.cron.id, one]));
  return due.filter(isReady).flatMap((one) => {
    const before = byId.get(one.cron.id);
    const isSame =
      before?.due.slot.getTime() === one.slot.getTime() &&
      before.due.cron.updatedAt.getTime() === one.cron.updatedAt.getTime();
    return before !== undefined && isSame ? [{ due: one, planned: before.planned }] : [];
  });
}

/** One that cannot be read is no reason to keep the crons of the others waiting. */
async function assistantsOf(tx: Repositories, due: readonly DueCron[]) {
  const found = new Map<AssistantId, Assistant | Unreadable>();
  for (const id of new Set(due.map(({ cron }) => cron.assistantId))) {
    const assistant = await tx.assistants.get(id, WHOLE_HOUSE).catch(unreadableOrThrow);
    if (assistant !== null) found.set(id, assistant);
  }
  return found;
}

function unreadableOrThrow(error: unknown): Unreadable {
  if (isUnreadable(error)) return error;
  throw error;
}

/** What is encrypted is so while it is written: then some of it may be there already. */
const isRefusal = (error: unknown): boolean => error instanceof DomainError && !isOutage(error) && !isUnreadable(error);

/** Without a next moment even for what was refused, a cron that cannot run would be the first one due for ever. */
const firingOf = ({ cron, slot, now }: DueCron, runId: RunId | null, timetable: Timetable): Firing => ({
  cronId: cron.id,
  slot,
  runId,
  next: timetable(cron, slot, now).next,
});

const outcomeOf = ({ cron, slot, now }: DueCron, kind: CronOutcome["kind"], timetable: Timetable): CronOutcome => ({
  kind,
  missed: timetable(cron, slot, now).missed,
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
