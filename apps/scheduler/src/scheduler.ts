import { every } from "@graphfleet/chassis";
import {
  type Authorizer,
  type CronOutcome,
  type Ids,
  type Log,
  makeFireCrons,
  type RunQueue,
  type Signals,
  type Storage,
  type StreamBus,
} from "@graphfleet/domain";
import { cronSweep, eachSecond } from "./crons/cron-tick.js";
import { type ExpiryOptions, expiryOf } from "./expiry-options.js";
import { cronLogSweep } from "./sweeps/cron-log-sweep.js";
import { doorbellSweep } from "./sweeps/doorbell-sweep.js";
import { leaseSweep } from "./sweeps/lease-sweep.js";
import { orphanSweep } from "./sweeps/orphan-sweep.js";
import { storeTtlSweep } from "./sweeps/store-ttl-sweep.js";
import { temporarySweep } from "./sweeps/temporary-sweep.js";
import { threadTtlSweep } from "./sweeps/thread-ttl-sweep.js";
import { webhookLogSweep, webhookSweep } from "./sweeps/webhook-sweeps.js";
import type { Sweep } from "./sweeps/sweep.js";

export interface SchedulerParts {
  readonly storage: Storage;
  readonly queue: RunQueue;
  readonly bus: Pick<StreamBus, "remove">;
  /** Rings for webhooks. */
  readonly webhooks: RunQueue;
  readonly signals: Signals;
  readonly authorizer: Authorizer;
  readonly ids: Ids;
  /** Whether this project sends webhooks at all; runs of crons have none if not. */
  readonly sendsWebhooks: boolean;
  readonly log: Log;
  readonly observe: (sweep: string, rows: number) => void;
  readonly observeCron: (outcome: CronOutcome) => void;
  readonly options: SchedulerOptions;
}

export interface SchedulerOptions {
  readonly maxAttempts: number;
  /** How long the result of a stateless run outlives it, in seconds. */
  readonly temporaryKeepSeconds: number;
  /** How often what has a lifetime is looked through; left out, as of a project that says nothing. */
  readonly expiry?: ExpiryOptions;
  /** How long the log of a webhook outlives it, in seconds. */
  readonly webhookKeepSeconds: number;
  /** How long it is remembered that a cron fired, in seconds. */
  readonly firingKeepSeconds: number;
}

export interface Scheduler {
  readonly sweeps: readonly Sweep[];
  /** Stops ticking and waits for the sweeps in progress. */
  stop(): Promise<void>;
}

/** Starts doing what has to happen because time passed. Any number of schedulers may run side by side. */
export function startScheduler(parts: SchedulerParts): Scheduler {
  const { storage, queue, webhooks, bus, signals, authorizer, ids, sendsWebhooks, log, observe, observeCron, options } =
    parts;
  const { runs, threads, items, checkpoints, deliveries } = storage;
  const { expiry = expiryOf(null) } = options;
  const sweeps: readonly Sweep[] = [
    doorbellSweep({ runs, queue }),
    leaseSweep({ runs, signals, log, maxAttempts: options.maxAttempts }),
    temporarySweep({ runs, keepSeconds: options.temporaryKeepSeconds }),
    threadTtlSweep({ threads, bus, ...expiry.threads }),
    storeTtlSweep({ items, ...expiry.items }),
    orphanSweep({ checkpoints }),
    webhookSweep({ deliveries, webhooks }),
    cronLogSweep({ crons: storage.crons, keepSeconds: options.firingKeepSeconds }),
    webhookLogSweep({ deliveries, keepSeconds: options.webhookKeepSeconds }),
  ];
  const crons = cronSweep(
    makeFireCrons({ storage, authorizer, signals, ids, sendsWebhooks, log, observe: observeCron }),
  );
  const loop = ({ name, everyMs, once }: Sweep) => ({
    name,
    everyMs,
    async once(stopping: AbortSignal) {
      const rows = await once(stopping);
      observe(name, rows);
      return rows;
    },
    log,
    // Nothing waits for long because the database was away for a while.
    backoffMaxMs: 5000,
  });
  const loops = [...sweeps.map((sweep) => every(loop(sweep))), eachSecond(loop(crons))];

  return {
    sweeps: [...sweeps, crons],
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
