import {
  END,
  lastEventBefore,
  OPEN,
  openData,
  type RunEnd,
  type StreamBus,
  type TapeEntry,
  type TapeEvent,
  type TapeWriter,
} from "@graphfleet/domain";

import type { TapeOptions } from "./tape.js";

/** What a writer needs of its tape. */
interface TapeAccess extends Pick<TapeOptions, "maxEntryBytes" | "onDropped"> {
  /** What the tape knows of the run's earlier attempts, for `lastEventBefore`. */
  readonly lastEventOnTape: number | null;
  /** False when a newer attempt has written. */
  add(entry: TapeEntry): boolean;
  keep(seconds: number): void;
  now(): number;
}

/** Writes at once, so there is nothing to flush. */
export class MemoryTapeWriter implements TapeWriter {
  readonly #attempt: Parameters<StreamBus["open"]>[0];
  readonly #tape: TapeAccess;
  #lastSeq: number;
  #lastEvent: number;
  #fenced = false;
  #closed = false;

  constructor(attempt: Parameters<StreamBus["open"]>[0], tape: TapeAccess) {
    this.#attempt = attempt;
    this.#tape = tape;
    this.#lastSeq = attempt.seqBase;
    const onTape = attempt.claim === 1 ? -1 : tape.lastEventOnTape;
    this.#lastEvent = lastEventBefore(attempt.claim, attempt.lastEvent, onTape);
    this.#write(-1, { event: OPEN, data: openData(attempt.claim) });
  }

  get lastEvent(): number {
    return this.#lastEvent;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get fenced(): boolean {
    return this.#fenced;
  }

  append(event: TapeEvent): void {
    if (this.#fenced || this.#closed) return;
    this.#lastEvent++;
    if (this.#fits(event.data)) return this.#write(this.#lastEvent, event);
    this.#lastSeq++;
    this.#tape.onDropped(1);
  }

  async flush(): Promise<void> {
    // Everything is on the tape.
  }

  async caughtUp(): Promise<void> {
    // It always is.
  }

  async close(end: RunEnd, keepSeconds: number): Promise<void> {
    if (this.#fenced || this.#closed) return;
    this.#closed = true;
    const lastEvent = this.#lastEvent;
    const data = JSON.stringify({ ...end, lastEvent });
    this.#write(-1, { event: END, data: this.#fits(data) ? data : JSON.stringify({ status: end.status, lastEvent }) });
    if (!this.#fenced) this.#tape.keep(keepSeconds);
  }

  async release(): Promise<void> {
    this.#closed = true;
  }

  #fits(data: string): boolean {
    return Buffer.byteLength(data) <= this.#tape.maxEntryBytes;
  }

  #write(n: number, { event, ns = [], data }: TapeEvent): void {
    const { runId, attempt } = this.#attempt;
    const entry = { seq: ++this.#lastSeq, runId, n, attempt, event, ns, at: this.#tape.now(), data };
    if (!this.#tape.add(entry)) this.#fenced = true;
  }
}
