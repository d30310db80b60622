import { ENROL_EVERY_MS } from "@graphfleet/domain";
import type {
  ControlChannel,
  GraphRunner,
  Lease,
  Log,
  Ring,
  RingConsumer,
  RunQueue,
  Storage,
  StreamBus,
  WorkerRoll,
} from "@graphfleet/domain";
import { every } from "@graphfleet/chassis";
import { WATCH_MS } from "./heartbeat/heartbeat.js";
import type { OpenHeartbeat } from "./heartbeat/messages.js";
import { makeFairTurn } from "./runs/fair-turn.js";
import { LeaseKeeper } from "./runs/lease-keeper.js";
import { startLedgerPoll } from "./runs/ledger-poll.js";
import type { RunObserver } from "./runs/run-observer.js";
import { makeRunProcessor } from "./runs/run-processor.js";
import { makeSettleRun } from "./runs/settle-run.js";
import { Slots } from "./runs/slots.js";
import { SuspectSeat } from "./runs/suspect-seat.js";
import { Zombies } from "./runs/zombies.js";

export interface WorkerParts {
  readonly storage: Storage;
  readonly bus: StreamBus;
  readonly queue: RunQueue;
  /** Rings for the webhooks of runs that ended. */
  readonly webhooks: RunQueue;
  readonly control: ControlChannel;
  readonly roll: WorkerRoll;
  readonly runner: GraphRunner;
  readonly describeError: (error: unknown) => { readonly error: string; readonly message: string };
  /** Starts taking rings, at most `concurrency` at a time. */
  readonly consume: (options: { concurrency: number; handle: (ring: Ring) => Promise<void> }) => RingConsumer;
  /** Whether rings can be heard at present; while not, runs are looked for in the ledger all the time. */
  readonly hearsRings: () => boolean;
  readonly openHeartbeat: OpenHeartbeat;
  /** This process cannot do its work any more: drain it and start another one. */
  readonly replace: (error: Error) => void;
  readonly observer: RunObserver;
  readonly log: Log;
  readonly options: WorkerOptions;
}

export interface WorkerOptions {
  readonly concurrency: number;
  readonly lease: Lease;
  readonly maxAttempts: number;
  readonly timeoutSeconds: number;
  readonly tapeKeepSeconds: number;
}

export interface Worker {
  /** Runs that are executing now. */
  active(): number;
  /** Takes no new runs, lets the others finish for `graceMs`, then gives the rest back. */
  drain(graceMs: number): Promise<void>;
}

/** While the ledger is away a result is kept for longer than a lease: nobody can take the run over meanwhile either. */
const LEDGER_RETRIES_MS = [100, 200, 500, 1000, 2000, 3000, 5000, 5000, 5000];

/** A graph that was told to stop gets this long; see `Zombies`. */
const STOP_PATIENCE_MS = 5000;

/** Starts executing runs. */
export function startWorker(parts: WorkerParts): Worker {
  const { storage, bus, queue, webhooks, control, runner, describeError, consume, observer, log, options } = parts;

  const keeper = new LeaseKeeper({
    openHeartbeat: parts.openHeartbeat,
    log,
    timeoutSeconds: options.timeoutSeconds,
    died: parts.replace,
  });
  const zombies = new Zombies({
    patienceMs: STOP_PATIENCE_MS,
    max: options.concurrency,
    tooMany: parts.replace,
    observer,
    log,
  });
  const settleRun = makeSettleRun({
    runs: storage.runs,
    runner,
    queue,
    webhooks,
    observer,
    log,
    maxAttempts: options.maxAttempts,
    tapeKeepSeconds: options.tapeKeepSeconds,
    retryDelaysMs: LEDGER_RETRIES_MS,
  });
  const suspects = new SuspectSeat(options.maxAttempts);
  const processRing = makeRunProcessor({
    runs: storage.runs,
    suspects,
    bus,
    runner,
    keeper,
    settleRun,
    zombies,
    describeError,
    lease: options.lease,
    observer,
    log,
  });

  const slots = new Slots(options.concurrency);
  const poll = startLedgerPoll({ runs: storage.runs, slots, suspects, processRing, hearsRings: parts.hearsRings, log });
  const fairTurn = makeFairTurn({ runs: storage.runs, suspects, processRing, log });
  const handle = async (ring: Ring): Promise<void> => {
    if (!(await slots.take())) return;
    try {
      await processRing(ring);
      if (slots.isOpen) await fairTurn();
    } finally {
      slots.give();
      poll.slotFreed();
    }
  };

  const alive = every({ name: "alive", everyMs: WATCH_MS, once: async () => keeper.reportAlive(), log });
  const enrolment = every({
    name: "enrolment",
    everyMs: ENROL_EVERY_MS,
    once: async () =>
      parts.roll.enrol({ owner: options.lease.owner, slots: options.concurrency }).catch(() => undefined),
    log,
  });
  const unsubscribe = control.subscribe((hint) => keeper.look(hint.runId));
  const consumer = consume({ concurrency: options.concurrency, handle });

  return {
    active: () => keeper.size,
    async drain(graceMs) {
      slots.close();
      const left = enrolment.stop().then(() => parts.roll.leave(options.lease.owner));
      const idle = Promise.all([consumer.close(), poll.stop()]);
      const grace = setTimeout(() => {
        log.info({ held: keeper.size }, "grace period over; giving runs back");
        keeper.stopAll();
      }, graceMs);
      await idle;
      clearTimeout(grace);
      unsubscribe();
      await left;
      await alive.stop();
      await keeper.close();
    },
  };
}
