import { every } from "@graphfleet/chassis";
import type { Log, RunQueue, Signals, Storage } from "@graphfleet/domain";
import { doorbellSweep } from "./sweeps/doorbell-sweep.js";
import { leaseSweep } from "./sweeps/lease-sweep.js";
import { temporarySweep } from "./sweeps/temporary-sweep.js";
import type { Sweep } from "./sweeps/sweep.js";

export interface SchedulerParts {
  readonly storage: Storage;
  readonly queue: RunQueue;
  readonly signals: Signals;
  readonly log: Log;
  readonly observe: (sweep: string, rows: number) => void;
  readonly options: SchedulerOptions;
}

export interface SchedulerOptions {
  readonly maxAttempts: number;
  /** How long the result of a stateless run outlives it, in seconds. */
  readonly temporaryKeepSeconds: number;
}

export interface Scheduler {
  readonly sweeps: readonly Sweep[];
  /** Stops ticking and waits for the sweeps in progress. */
  stop(): Promise<void>;
}

/** Starts doing what has to happen because time passed. Any number of schedulers may run side by side. */
export function startScheduler({ storage, queue, signals, log, observe, options }: SchedulerParts): Scheduler {
  const { runs } = storage;
  const sweeps: readonly Sweep[] = [
    doorbellSweep({ runs, queue }),
    leaseSweep({ runs, signals, log, maxAttempts: options.maxAttempts }),
    temporarySweep({ runs, keepSeconds: options.temporaryKeepSeconds }),
  ];
  const loops = sweeps.map(({ name, everyMs, once }) =>
    every({ name, everyMs, once: async () => observe(name, await once()), log }),
  );

  return {
    sweeps,
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
