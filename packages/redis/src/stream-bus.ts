import {
  isFirstOpen,
  type StreamBus,
  TAPE_BOUNDS,
  type TapeEntry,
  type TapeEvent,
  type TapeSignal,
  type TapeWriter,
  type ThreadId,
  messageOf,
} from "@graphfleet/domain";

import type { RedisLink } from "./connection.js";
import { RedisEpoch } from "./redis-epoch.js";
import { StreamHub } from "./stream-hub.js";
import type { Attempt } from "./tape-attempt.js";
import { idOf, POKE, tapeKey, toEntry, toFields, wakeChannel } from "./tape-codec.js";
import { TapePager } from "./tape-pager.js";
import { bytesOf } from "./tape-weight.js";
import { RedisTapeWriter, type TapeWriterOptions } from "./tape-writer.js";

export interface StreamBusOptions extends Partial<TapeWriterOptions> {
  /** How often a reader is told to look at the ledger. */
  readonly idleMs?: number;
  /** What may wait in memory for one reader. */
  readonly readerEntries?: number;
  readonly readerBytes?: number;
}

const MEGABYTE = 1024 * 1024;

const WRITER_DEFAULTS: TapeWriterOptions = {
  ...TAPE_BOUNDS,
  runningSeconds: 3600,
  spoolBytes: 8 * MEGABYTE,
  flushWaitMs: 2000,
  lingerMs: 30_000,
  catchUpMs: 1000,
  onDropped: () => undefined,
  onTrimmed: () => undefined,
};

/** How far back a new attempt looks for what earlier ones wrote. Runs of the thread may have come between. */
const LOOK_BACK_ENTRIES = 2000;
const LOOK_BACK_PAGE = 50;

/** The ledger's clock and Redis's agree at least this well. */
const CLOCKS_DIFFER_MS = 5000;

/** Tapes on Redis Streams: one per thread, ids are the tape's numbers. */
export class RedisStreamBus implements StreamBus {
  readonly #link: RedisLink;
  readonly #hub: StreamHub;
  readonly #writers: TapeWriterOptions;
  readonly #epoch: RedisEpoch;

  constructor(link: RedisLink, options: StreamBusOptions = {}) {
    const { idleMs = 5000, readerEntries = 1000, readerBytes = 4 * MEGABYTE, ...writers } = options;
    this.#link = link;
    this.#hub = new StreamHub(link, { idleMs, bounds: { entries: readerEntries, bytes: readerBytes } });
    this.#writers = { ...WRITER_DEFAULTS, ...writers };
    this.#epoch = new RedisEpoch(link);
  }

  /** Threads with readers in this process; 0 when nobody reads. */
  watching(): number {
    return this.#hub.watching;
  }

  async open(attempt: Attempt): Promise<TapeWriter> {
    const writer = new RedisTapeWriter(this.#link, attempt, this.#writers);
    if (!this.#link.ready) return writer;
    // First close the tape to earlier attempts, then look: what is there now is all there will be of them.
    await writer.flush();
    const onTape = attempt.claim > 1 && writer.isWritten ? await this.#lastEventOf(attempt) : null;
    if (onTape !== null) writer.countOnFrom(onTape);
    return writer;
  }

  read(
    threadId: ThreadId,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  ): AsyncIterable<TapeSignal> {
    return this.#hub.read(threadId, after, signal);
  }

  /** Ends early when Redis is away: then there is no past to be had. */
  async *replay(threadId: ThreadId, after: number): AsyncGenerator<TapeEntry> {
    const pager = new TapePager(this.#link.command, this.#key(threadId));
    let cursor = after;
    try {
      for (;;) {
        const page = await pager.next(cursor);
        yield* page.entries;
        cursor = page.entries.at(-1)?.seq ?? cursor;
        if (!page.more) return;
      }
    } catch (error) {
      this.#link.log.warn({ reason: messageOf(error), thread_id: threadId }, "the past of a tape could not be read");
    }
  }

  async announce(threadId: ThreadId, news: TapeEvent & { readonly seq: number }, keepSeconds: number): Promise<void> {
    const { seq, event, ns = [], data } = news;
    const { maxEntries, maxBytes, maxEntryBytes, onDropped, onTrimmed } = this.#writers;
    if (Buffer.byteLength(data) > maxEntryBytes) return onDropped(1);
    const entry: TapeEntry = { seq, runId: null, n: -1, attempt: 0, event, ns, at: Date.now(), data };
    const key = this.#key(threadId);
    const { command, keyPrefix } = this.#link;
    // A refusal of the number comes as that command's own result: someone newer has spoken, so this is no news any more.
    const transaction = command.multi();
    transaction.ttl(key);
    transaction.xadd(key, "MAXLEN", "~", maxEntries, idOf(seq), ...toFields(entry));
    transaction.publish(wakeChannel(keyPrefix, threadId), String(seq));
    await this.#quietly(
      transaction.exec().then(async (results) => {
        const left = Number(results?.[0]?.[1] ?? -2);
        if (left < keepSeconds) await command.expire(key, keepSeconds);
        if ((await bytesOf(this.#link, key)) > maxBytes) onTrimmed(await command.xtrim(key, "MINID", idOf(seq)));
      }),
    );
  }

  async poke(threadId: ThreadId): Promise<void> {
    await this.#quietly(this.#link.command.publish(wakeChannel(this.#link.keyPrefix, threadId), POKE));
  }

  /** A tape that could not be removed expires by itself. */
  async remove(threadId: ThreadId): Promise<void> {
    await this.#quietly(this.#link.command.unlink(this.#key(threadId)));
  }

  /** Stops the timer behind `idle`. Abort the readers and close the writers first. */
  close(): void {
    this.#epoch.close();
    this.#hub.close();
  }

  #key(threadId: ThreadId): string {
    return tapeKey(this.#link.keyPrefix, threadId);
  }

  /**
   * Highest event number of the run on the tape; -1 when there was never one: its beginning is there and no event, or
   * nothing is although Redis has forgotten nothing since the run was created; null when nobody knows.
   */
  async #lastEventOf({ threadId, runId, seqBase, createdAt }: Attempt): Promise<number | null> {
    let below = seqBase;
    let oldest: TapeEntry | undefined;
    try {
      for (let seen = 0; seen < LOOK_BACK_ENTRIES && below >= 0; seen += LOOK_BACK_PAGE) {
        const page = await this.#pageBackwards(threadId, below);
        const found = page.find((entry) => entry.runId === runId && (entry.n >= 0 || isFirstOpen(entry)));
        if (found !== undefined) return found.n;
        oldest = page.at(-1) ?? oldest;
        if (page.length < LOOK_BACK_PAGE) {
          // What the run said may have been trimmed, unless the tape reaches back to before the run was created.
          const isWhole = oldest === undefined || oldest.at + CLOCKS_DIFFER_MS < createdAt;
          return isWhole && (await this.#remembers(createdAt)) ? -1 : null;
        }
        below = (page.at(-1)?.seq ?? 0) - 1;
      }
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error), run_id: runId }, "earlier attempts could not be read");
    }
    return null;
  }

  /** Whether a tape of this age would still be there. */
  async #remembers(createdAt: number): Promise<boolean> {
    const age = Date.now() - createdAt;
    return age < this.#writers.runningSeconds * 1000 && (await this.#epoch.since()) + CLOCKS_DIFFER_MS < createdAt;
  }

  async #pageBackwards(threadId: ThreadId, from: number): Promise<readonly TapeEntry[]> {
    const raw = await this.#link.command.xrevrange(this.#key(threadId), idOf(from), "-", "COUNT", LOOK_BACK_PAGE);
    return raw.map(toEntry);
  }

  async #quietly(command: Promise<unknown>): Promise<void> {
    try {
      await command;
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error) }, "a hint got lost");
    }
  }
}
