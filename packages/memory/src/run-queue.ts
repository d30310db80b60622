import type { Log, Ring, RingConsumer, RunQueue } from "@graphfleet/domain";

export interface ConsumeOptions {
  readonly concurrency: number;
  readonly handle: (ring: Ring) => Promise<void>;
}

/** Timers take no more (about 24 days); a longer delay is slept in parts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const idOf = ({ runId, fence }: Ring): string => `${runId}-${fence}`;

/** Rings inside one process. A repetition is left out while an earlier one waits or is being handled. */
export class MemoryRunQueue implements RunQueue {
  readonly #log: Log;
  readonly #repeated = new Map<Ring, string>();
  /** In the order in which they are delivered. */
  readonly #waiting: { readonly ring: Ring; readonly priority: number }[] = [];
  readonly #sleeping = new Set<NodeJS.Timeout>();
  readonly #consumers = new Set<Consumer>();

  constructor(log: Log) {
    this.#log = log;
  }

  async ring(rings: readonly Ring[]): Promise<void> {
    for (const { delayMs = 0, repeated = false, priority = 0, first = false, ...ring } of rings) {
      if (repeated && [...this.#repeated.values()].includes(idOf(ring))) continue;
      if (repeated) this.#repeated.set(ring, idOf(ring));
      if (delayMs > 0) this.#sleep(ring, priority, Date.now() + delayMs);
      else if (first) this.#waiting.unshift({ ring, priority: -1 });
      else this.#wait(ring, priority);
    }
    this.#deliver();
  }

  /** Hears rings, at most `concurrency` at a time. What a handler throws is logged. */
  consume(options: ConsumeOptions): RingConsumer {
    const consumer = new Consumer(options, this.#log, (ring) => {
      this.#repeated.delete(ring);
      this.#deliver();
    });
    this.#consumers.add(consumer);
    this.#deliver();
    return {
      close: async () => {
        this.#consumers.delete(consumer);
        await consumer.idle();
      },
    };
  }

  /** Forgets the rings that sleep. */
  close(): void {
    for (const timer of this.#sleeping) clearTimeout(timer);
    this.#sleeping.clear();
  }

  #wait(ring: Ring, priority: number): void {
    const behind = this.#waiting.findLastIndex((other) => other.priority <= priority);
    this.#waiting.splice(behind + 1, 0, { ring, priority });
  }

  #sleep(ring: Ring, priority: number, until: number): void {
    const timer = setTimeout(
      () => {
        this.#sleeping.delete(timer);
        if (Date.now() < until) return this.#sleep(ring, priority, until);
        this.#wait(ring, priority);
        this.#deliver();
      },
      Math.min(until - Date.now(), MAX_TIMER_MS),
    );
    this.#sleeping.add(timer);
  }

  #deliver(): void {
    for (const consumer of this.#consumers) {
      while (consumer.hasRoom) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        consumer.take(next.ring);
      }
    }
  }
}

class Consumer {
  readonly #options: ConsumeOptions;
  readonly #log: Log;
  readonly #done: (ring: Ring) => void;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(options: ConsumeOptions, log: Log, done: (ring: Ring) => void) {
    this.#options = options;
    this.#log = log;
    this.#done = done;
  }

  get hasRoom(): boolean {
    return this.#inFlight.size < this.#options.concurrency;
  }

  take(ring: Ring): void {
    const handled = this.#handle(ring).finally(() => {
      this.#inFlight.delete(handled);
      this.#done(ring);
    });
    this.#inFlight.add(handled);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #handle(ring: Ring): Promise<void> {
    try {
      await this.#options.handle(ring);
    } catch (error) {
      this.#log.error({ err: error, run_id: ring.runId, thread_id: ring.threadId }, "a ring was not handled");
    }
  }
}
