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
} from "@graphfleet/domain";
import { every } from "@graphfleet/chassis";
import { beatMsOf, LeaseKeeper } from "./runs/lease-keeper.js";
import type { RunObserver } from "./runs/run-observer.js";
import { makeRunProcessor } from "./runs/run-processor.js";
import { makeSettleRun } from "./runs/settle-run.js";

export interface WorkerParts {
  readonly storage: Storage;
  readonly bus: StreamBus;
  readonly queue: RunQueue;
  readonly control: ControlChannel;
  readonly runner: GraphRunner;
  readonly describeError: (error: unknown) => { readonly error: string; readonly message: string };
  /** Starts taking rings, at most `concurrency` at a time. */
  readonly consume: (options: { concurrency: number; handle: (ring: Ring) => Promise<void> }) => RingConsumer;
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

/** While the ledger is away a result is kept for about as long as other workers wait before they take the run over. */
const LEDGER_RETRIES_MS = [100, 200, 500, 1000, 2000, 3000, 5000, 5000, 5000];

/** Starts executing runs. */
export function startWorker(parts: WorkerParts): Worker {
  const { storage, bus, queue, control, runner, describeError, consume, observer, log, options } = parts;
  const { lease } = options;

  const keeper = new LeaseKeeper({ runs: storage.runs, lease, log, timeoutSeconds: options.timeoutSeconds });
  const settleRun = makeSettleRun({
    runs: storage.runs,
    runner,
    queue,
    log,
    maxAttempts: options.maxAttempts,
    tapeKeepSeconds: options.tapeKeepSeconds,
    retryDelaysMs: LEDGER_RETRIES_MS,
  });
  const processRing = makeRunProcessor({
    runs: storage.runs,
    bus,
    runner,
    keeper,
    settleRun,
    describeError,
    lease,
    observer,
    log,
  });

  const heartbeat = every({ name: "heartbeat", everyMs: beatMsOf(lease), once: () => keeper.beat(), log });
  const unsubscribe = control.subscribe((hint) => void keeper.look(hint.runId));
  const consumer = consume({ concurrency: options.concurrency, handle: processRing });

  return {
    active: () => keeper.size,
    async drain(graceMs) {
      const idle = consumer.close();
      const grace = setTimeout(() => {
        log.info({ held: keeper.size }, "grace period over; giving runs back");
        keeper.stopAll();
      }, graceMs);
      await idle;
      clearTimeout(grace);
      unsubscribe();
      await heartbeat.stop();
    },
  };
}
