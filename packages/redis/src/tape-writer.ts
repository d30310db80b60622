import {
  END,
  ENTRY_OVERHEAD_BYTES,
  lastEventBefore,
  OPEN,
  openData,
  type RunEnd,
  type TapeBounds,
  type TapeEntry,
  type TapeEvent,
  type TapeLosses,
  type TapeWriter,
  messageOf,
} from "@graphfleet/domain";

import type { RedisLink } from "./connection.js";
import { idOf, seqOf, tapeKey, toFields, wakeChannel } from "./tape-codec.js";
import type { Attempt } from "./tape-attempt.js";
import { bytesOf, TapeWeight } from "./tape-weight.js";

/*
 * Events wait in a spool and are written in batches, one batch in flight: what comes meanwhile is the next batch. A batch
 * is one transaction, so it is on the tape as a whole or not at all, also when Redis is out of memory.
 *
 * The writer chooses the ids, so writing again is harmless: Redis refuses an id at or below the last one. That refusal
 * has two meanings: an answer got lost and the entry is ours already, or a newer attempt has written and we are fenced.
 * The last entry of the tape tells which, because every attempt has numbers of its own.
 *
 * While Redis is away the spool is bounded. What does not fit is dropped; its numbers are spent, so a reader can see the
 * gap. The run itself does not notice.
 *
 * A tape that becomes too heavy is trimmed by the batch that makes it so. What the writer's own entries weigh it knows;
 * what lies before them it asks once. So the bound costs no round trip.
 */

export interface TapeWriterOptions extends TapeBounds, TapeLosses {
  /** Life of a tape that is written to, renewed as long as the writer is open. */
  readonly runningSeconds: number;
  /** What may wait while Redis is away. */
  readonly spoolBytes: number;
  /** Longest wait of `flush`, `close` and `release`. What is not written by then is tried on for `lingerMs`. */
  readonly flushWaitMs: number;
  readonly lingerMs: number;
  /** Longest wait of `caughtUp`. */
  readonly catchUpMs: number;
}

interface Pending {
  readonly seq: number;
  readonly fields: readonly string[];
  readonly bytes: number;
}

interface Waiter {
  readonly seq: number;
  readonly resolve: () => void;
}

const BATCH_ENTRIES = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
/** With Redis present the spool empties as fast as the wire takes it; a graph that outruns even that must not eat the memory. */
const SPOOL_FACTOR_WHEN_PRESENT = 8;
const BACKOFF_MS = [50, 100, 200, 500, 1000, 2000] as const;

export class RedisTapeWriter implements TapeWriter {
  readonly #link: RedisLink;
  readonly #attempt: Attempt;
  readonly #options: TapeWriterOptions;
  readonly #key: string;
  readonly #channel: string;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #weight: TapeWeight;

  #spool: Pending[] = [];
  #spoolBytes = 0;
  #waiters: Waiter[] = [];
  #lastSeq: number;
  #lastEvent: number;
  #written: number;
  #fenced = false;
  #closed = false;
  #keepSeconds: number | null = null;
  #draining = false;
  /** Redis did not take the last batch. */
  #away = false;
  /** Somebody waited for the tape in vain, and nothing was written since. */
  #late = false;
  /** A batch was sent and its answer got lost. */
  #unsure = false;
  #gaveUp = false;
  /** What lies before this attempt was asked for. */
  #weighed = false;
  #endPause: (() => void) | null = null;

  /** The `open` entry is the first thing it writes. */
  constructor(link: RedisLink, attempt: Attempt, options: TapeWriterOptions) {
    this.#link = link;
    this.#attempt = attempt;
    this.#options = options;
    this.#key = tapeKey(link.keyPrefix, attempt.threadId);
    this.#channel = wakeChannel(link.keyPrefix, attempt.threadId);
    this.#weight = new TapeWeight(options.maxBytes);
    this.#lastSeq = attempt.seqBase;
    this.#written = attempt.seqBase;
    this.#lastEvent = lastEventBefore(attempt.claim, attempt.lastEvent, attempt.claim === 1 ? -1 : null);
    this.#keepAlive = setInterval(() => this.#renew(), (options.runningSeconds * 1000) / 3);
    this.#keepAlive.unref();
    this.#push(-1, OPEN, [], openData(attempt.claim), 0);
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

  /** Whether everything queued so far is on the tape; once the `open` entry is, earlier attempts can add nothing. */
  get isWritten(): boolean {
    return !this.#fenced && this.#written >= this.#lastSeq;
  }

  /** Before the first event: what earlier attempts left on the tape. */
  countOnFrom(onTape: number): void {
    this.#lastEvent = lastEventBefore(this.#attempt.claim, this.#attempt.lastEvent, onTape);
  }

  append({ event, ns = [], data }: TapeEvent): void {
    if (this.#fenced || this.#closed) return;
    this.#lastEvent++;
    const bytes = Buffer.byteLength(data);
    if (bytes > this.#options.maxEntryBytes || !this.#hasRoom(bytes)) {
      this.#lastSeq++;
      this.#options.onDropped(1);
      return;
    }
    this.#push(this.#lastEvent, event, ns, data, bytes);
  }

  async flush(): Promise<void> {
    await this.#isWrittenWithin(this.#options.flushWaitMs);
  }

  async caughtUp(): Promise<void> {
    if (this.#away || this.#late || !this.#link.ready) return;
    this.#late = !(await this.#isWrittenWithin(this.#options.catchUpMs));
  }

  async close(end: RunEnd, keepSeconds: number): Promise<void> {
    if (!this.#closed && !this.#fenced) {
      this.#keepSeconds = Math.max(1, Math.ceil(keepSeconds));
      // Without room the end comes without its output: readers look into the ledger for it.
      const lastEvent = this.#lastEvent;
      const data = JSON.stringify({ ...end, lastEvent });
      const bytes = Buffer.byteLength(data);
      const fits = bytes <= this.#options.maxEntryBytes && this.#hasRoom(bytes);
      this.#push(-1, END, [], fits ? data : JSON.stringify({ status: end.status, lastEvent }), fits ? bytes : 0);
    }
    await this.release();
  }

  async release(): Promise<void> {
    this.#closed = true;
    await this.flush();
    clearInterval(this.#keepAlive);
    if (this.#spool.length > 0) setTimeout(() => this.#giveUp(), this.#options.lingerMs).unref();
  }

  /** Waits until what was queued so far is on the tape or was given up. @returns false when that took longer. */
  async #isWrittenWithin(ms: number): Promise<boolean> {
    if (this.#fenced || this.#gaveUp || this.#written >= this.#lastSeq || this.#spool.length === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const inTime = await new Promise<boolean>((resolve) => {
      this.#waiters.push({ seq: this.#lastSeq, resolve: () => resolve(true) });
      timer = setTimeout(() => resolve(false), ms);
    });
    clearTimeout(timer);
    return inTime;
  }

  #hasRoom(bytes: number): boolean {
    const bound = this.#options.spoolBytes * (this.#away ? 1 : SPOOL_FACTOR_WHEN_PRESENT);
    return this.#spool.length === 0 || this.#spoolBytes + bytes <= bound;
  }

  #push(n: number, event: string, ns: readonly string[], data: string, bytes: number): void {
    const { runId, attempt } = this.#attempt;
    const entry: TapeEntry = { seq: ++this.#lastSeq, runId, n, attempt, event, ns, at: Date.now(), data };
    this.#spool.push({ seq: entry.seq, fields: toFields(entry), bytes });
    this.#spoolBytes += bytes;
    if (this.#draining) return;
    this.#draining = true;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    let failures = 0;
    while (this.#spool.length > 0 && !this.#fenced && !this.#gaveUp) {
      try {
        if (!this.#link.ready) throw new Error("Redis is away");
        if (this.#unsure) await this.#reconcile();
        const batch = this.#nextBatch();
        if (batch.length > 0) await this.#write(batch);
        failures = 0;
        this.#away = false;
        this.#late = false;
      } catch (error) {
        if (failures === 0)
          this.#link.log.debug({ reason: messageOf(error), run_id: this.#attempt.runId }, "tape is not written");
        this.#away = true;
        if (this.#link.closed) this.#giveUp();
        else await this.#pause(BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)] ?? 0);
      }
    }
    this.#draining = false;
  }

  #nextBatch(): readonly Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: size } of this.#spool) {
      if (count === BATCH_ENTRIES || (count > 0 && bytes + size > BATCH_BYTES)) break;
      bytes += size;
      count++;
    }
    return this.#spool.slice(0, count);
  }

  /** @throws when it is not known that the batch is on the tape. */
  async #write(batch: readonly Pending[]): Promise<void> {
    const last = batch.at(-1)?.seq ?? 0;
    const isEnd = this.#keepSeconds !== null && last === this.#lastSeq;
    const seconds = isEnd && this.#keepSeconds !== null ? this.#keepSeconds : this.#options.runningSeconds;

    const transaction = this.#link.command.multi();
    for (const { seq, fields } of batch) {
      transaction.xadd(this.#key, "MAXLEN", "~", this.#options.maxEntries, idOf(seq), ...fields);
    }
    for (const { seq, bytes } of batch) this.#weight.add(seq, bytes + ENTRY_OVERHEAD_BYTES);
    const oldest = this.#weight.surplus();
    if (oldest !== null) transaction.xtrim(this.#key, "MINID", "=", idOf(oldest));
    transaction.expire(this.#key, seconds);
    transaction.publish(this.#channel, String(last));

    // Until the answer is here.
    this.#unsure = true;
    if (!this.#weighed) void this.#weighPast();
    const results = (await transaction.exec()) ?? [];
    const failure = results.find(([error]) => error !== null)?.[0];
    if (failure === undefined || failure === null) {
      this.#unsure = false;
      if (oldest !== null) this.#options.onTrimmed(Number(results[batch.length]?.[1] ?? 0));
      this.#forget(last);
    } else if (failure.message.includes("equal or smaller")) {
      const before = this.#written;
      await this.#reconcile();
      if (!this.#fenced && this.#written === before) throw failure;
    } else {
      throw failure;
    }
  }

  /** A server that does not tell (it may be forbidden) leaves what earlier runs said to the other bounds. */
  async #weighPast(): Promise<void> {
    this.#weighed = true;
    this.#weight.before = await bytesOf(this.#link, this.#key);
  }

  /** Compares with what is on the tape: what of ours is there already, and whether somebody newer is. */
  async #reconcile(): Promise<void> {
    const [last] = await this.#link.command.xrevrange(this.#key, "+", "-", "COUNT", 1);
    this.#unsure = false;
    const top = last === undefined ? -1 : seqOf(last[0]);
    if (top > this.#lastSeq) this.#fence();
    else if (top > this.#attempt.seqBase) this.#forget(top);
  }

  #forget(upTo: number): void {
    const kept = this.#spool.findIndex(({ seq }) => seq > upTo);
    const gone = kept === -1 ? this.#spool.length : kept;
    for (const { bytes } of this.#spool.splice(0, gone)) this.#spoolBytes -= bytes;
    this.#written = upTo;
    this.#resolveWaiters();
  }

  #fence(): void {
    this.#fenced = true;
    this.#empty();
  }

  #giveUp(): void {
    if (this.#spool.length > 0) this.#options.onDropped(this.#spool.length);
    this.#gaveUp = true;
    this.#empty();
    this.#endPause?.();
  }

  #empty(): void {
    this.#spool = [];
    this.#spoolBytes = 0;
    clearInterval(this.#keepAlive);
    this.#resolveWaiters();
  }

  #resolveWaiters(): void {
    const isDone = ({ seq }: Waiter) => seq <= this.#written || this.#spool.length === 0;
    for (const waiter of this.#waiters.filter(isDone)) waiter.resolve();
    this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter));
  }

  /** A graph may think for longer than a tape lives. */
  #renew(): void {
    this.#link.command.expire(this.#key, this.#options.runningSeconds).catch((error: unknown) => {
      this.#link.log.debug({ reason: messageOf(error) }, "life of a tape was not renewed");
    });
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endPause = null;
  }
}
