import {
  type StreamBus,
  TAPE_BOUNDS,
  type TapeEntry,
  type TapeEvent,
  type TapeSignal,
  type TapeWriter,
  type ThreadId,
} from "@graphfleet/domain";

import { Tape, type TapeOptions } from "./tape.js";
import { MemoryTapeWriter } from "./tape-writer.js";

export interface StreamBusOptions extends Partial<TapeOptions> {
  /** How often a reader is told to look at the ledger. */
  readonly idleMs?: number;
  /** Life of a tape that is written to. */
  readonly runningSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

type Hint = "poke" | "idle";

/** Someone who waits for news of a thread. */
interface Listener {
  readonly hints: Set<Hint>;
  wake: () => void;
}

const PAGE = 500;

/** Tapes inside one process. A reader holds a number, not entries, so a slow one costs nothing. */
export class MemoryStreamBus implements StreamBus {
  readonly #tapeOptions: TapeOptions;
  readonly #runningSeconds: number;
  readonly #now: () => number;
  readonly #tapes = new Map<ThreadId, Tape>();
  readonly #listeners = new Map<ThreadId, Set<Listener>>();
  readonly #idleTimer: NodeJS.Timeout;

  constructor(options: StreamBusOptions = {}) {
    const { idleMs = 5000, runningSeconds = 3600, now = Date.now, ...tapes } = options;
    this.#tapeOptions = { ...TAPE_BOUNDS, onDropped: () => undefined, onTrimmed: () => undefined, ...tapes };
    this.#runningSeconds = runningSeconds;
    this.#now = now;
    this.#idleTimer = setInterval(() => this.#idle(), idleMs);
    this.#idleTimer.unref();
  }

  /** Threads with readers; 0 when nobody reads. */
  watching(): number {
    return this.#listeners.size;
  }

  async open(attempt: Parameters<StreamBus["open"]>[0]): Promise<TapeWriter> {
    const { threadId } = attempt;
    return new MemoryTapeWriter(attempt, {
      lastEventOnTape: this.#tapeOf(threadId).lastEventOf(attempt.runId),
      add: (entry) => this.#add(threadId, entry),
      keep: (seconds) => this.#keep(threadId, seconds),
      now: this.#now,
      ...this.#tapeOptions,
    });
  }

  async *read(
    threadId: ThreadId,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  ): AsyncGenerator<TapeSignal> {
    const listener: Listener = { hints: new Set(), wake: () => undefined };
    this.#listen(threadId, listener);
    const stop = () => listener.wake();
    signal.addEventListener("abort", stop);
    let cursor = after;
    try {
      while (!signal.aborted) {
        const news = new Promise<void>((resolve) => {
          listener.wake = resolve;
        });
        const hints = [...listener.hints];
        listener.hints.clear();

        const before = cursor;
        for (const entry of this.#after(threadId, cursor)) {
          if (signal.aborted) return;
          cursor = entry.seq;
          yield { kind: "entry", entry };
        }
        // Entries first: who hears a hint looks into the ledger and may go home.
        for (const kind of hints) yield { kind };
        if (cursor === before && hints.length === 0 && !signal.aborted) await news;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#forget(threadId, listener);
    }
  }

  async *replay(threadId: ThreadId, after: number): AsyncGenerator<TapeEntry> {
    yield* this.#after(threadId, after);
  }

  async announce(threadId: ThreadId, news: TapeEvent & { readonly seq: number }, keepSeconds: number): Promise<void> {
    const { seq, event, ns = [], data } = news;
    const { maxEntryBytes, onDropped } = this.#tapeOptions;
    if (Buffer.byteLength(data) > maxEntryBytes) return onDropped(1);
    const tape = this.#tapeOf(threadId);
    const { expiresAt } = tape;
    if (!tape.add({ seq, runId: null, n: -1, attempt: 0, event, ns, at: this.#now(), data })) return;
    tape.expiresAt = Math.max(expiresAt, this.#now() + keepSeconds * 1000);
    this.#wake(threadId);
  }

  async poke(threadId: ThreadId): Promise<void> {
    this.#wake(threadId, "poke");
  }

  async remove(threadId: ThreadId): Promise<void> {
    this.#tapes.delete(threadId);
  }

  /** Stops the timer behind `idle`. */
  close(): void {
    clearInterval(this.#idleTimer);
  }

  #tapeOf(threadId: ThreadId): Tape {
    let tape = this.#tapes.get(threadId);
    if (tape === undefined || tape.expiresAt <= this.#now()) {
      tape = new Tape(this.#tapeOptions);
      this.#tapes.set(threadId, tape);
      this.#keep(threadId, this.#runningSeconds);
    }
    return tape;
  }

  /** To the end of the tape, as it is when the reader gets there. */
  *#after(threadId: ThreadId, seq: number): Generator<TapeEntry> {
    for (let page = this.#page(threadId, seq); page.length > 0; page = this.#page(threadId, seq)) {
      yield* page;
      seq = page.at(-1)?.seq ?? seq;
    }
  }

  #page(threadId: ThreadId, after: number): readonly TapeEntry[] {
    const tape = this.#tapes.get(threadId);
    return tape === undefined || tape.expiresAt <= this.#now() ? [] : tape.after(after, PAGE);
  }

  #add(threadId: ThreadId, entry: TapeEntry): boolean {
    if (!this.#tapeOf(threadId).add(entry)) return false;
    this.#keep(threadId, this.#runningSeconds);
    this.#wake(threadId);
    return true;
  }

  #keep(threadId: ThreadId, seconds: number): void {
    const tape = this.#tapes.get(threadId);
    if (tape !== undefined) tape.expiresAt = this.#now() + seconds * 1000;
  }

  #wake(threadId: ThreadId, hint?: Hint): void {
    for (const listener of this.#listeners.get(threadId) ?? []) {
      if (hint !== undefined) listener.hints.add(hint);
      listener.wake();
    }
  }

  #idle(): void {
    for (const threadId of this.#listeners.keys()) this.#wake(threadId, "idle");
    for (const [threadId, tape] of this.#tapes) if (tape.expiresAt <= this.#now()) this.#tapes.delete(threadId);
  }

  #listen(threadId: ThreadId, listener: Listener): void {
    const others = this.#listeners.get(threadId);
    if (others === undefined) this.#listeners.set(threadId, new Set([listener]));
    else others.add(listener);
  }

  #forget(threadId: ThreadId, listener: Listener): void {
    const listeners = this.#listeners.get(threadId);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(threadId);
  }
}
