import type { TapeEntry, TapeSignal, ThreadId } from "@graphfleet/domain";
import { messageOf } from "@graphfleet/domain";

import type { RedisLink } from "./connection.js";
import { POKE, tapeKey, wakeChannel } from "./tape-codec.js";
import { TapePager, type TapePage } from "./tape-pager.js";
import { type Hint, type ReaderBounds, TapeReader } from "./tape-reader.js";

/*
 * All readers of a process, over two connections.
 *
 * Per thread there is a watch: one subscription to the thread's wake-ups, and one cursor with which new entries are read
 * once and handed to every live reader. A reader begins on its own: subscribe, confirmed, then read the store up to its
 * end. It becomes live when nothing can have slipped between its last page and the next wake-up, and stops being live
 * when it lags.
 *
 * Hints (`poke`, `idle`) say "look at the ledger", and a reader that finds its run ended there goes home. So a hint is
 * only delivered after a read of the tape that began when the hint was there: what was written before the ledger changed
 * is seen before the hint. If Redis is away hints come without the read; they are all there is.
 */

export interface HubOptions {
  readonly idleMs: number;
  readonly bounds: ReaderBounds;
}

/** Watches are spread over the idle period, so that ten thousand readers do not ask the ledger in the same moment. */
const IDLE_SLOTS = 20;

interface Watch {
  readonly threadId: ThreadId;
  readonly channel: string;
  readonly slot: number;
  readonly pager: TapePager;
  readonly readers: Set<TapeReader>;
  readonly hints: Set<Hint>;
  /** Confirmed, or Redis is away. */
  readonly subscribed: Promise<void>;
  /** Up to where live readers were served. */
  cursor: number;
  /** Counts wake-ups: a reader that saw none during its read has missed nothing. */
  wakes: number;
  due: boolean;
  serving: boolean;
}

export class StreamHub {
  readonly #link: RedisLink;
  readonly #bounds: ReaderBounds;
  readonly #watches = new Map<ThreadId, Watch>();
  readonly #idleTimer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #slot = 0;
  #nextSlot = 0;

  constructor(link: RedisLink, { idleMs, bounds }: HubOptions) {
    this.#link = link;
    this.#bounds = bounds;
    this.#idleTimer = setInterval(() => this.#idle(), Math.max(1, Math.floor(idleMs / IDLE_SLOTS)));
    this.#idleTimer.unref();

    const pokeAll = () => {
      for (const watch of this.#watches.values()) this.#hint(watch, "poke");
    };
    const stopRenewed = link.subscriptions.onRenewed(pokeAll);
    link.command.on("ready", pokeAll);
    this.#stopListening = () => {
      stopRenewed();
      link.command.off("ready", pokeAll);
    };
  }

  /** Threads that have readers here. */
  get watching(): number {
    return this.#watches.size;
  }

  async *read(threadId: ThreadId, after: number, signal: AbortSignal): AsyncGenerator<TapeSignal> {
    if (signal.aborted) return;
    const reader = new TapeReader(after, this.#bounds);
    const watch = this.#join(threadId, reader);
    const pager = this.#pager(threadId);
    const stop = () => reader.nudge();
    signal.addEventListener("abort", stop);
    try {
      await watch.subscribed;
      while (!signal.aborted) {
        const queued = reader.takeEntries();
        if (queued.length > 0) yield* until(signal, queued);
        else if (!reader.live) yield* this.#catchUp(watch, reader, pager, signal);
        else {
          const hints = reader.takeHints();
          if (hints.length > 0) yield* hints.map(toSignal);
          else await reader.changed();
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#leave(watch, reader);
    }
  }

  close(): void {
    clearInterval(this.#idleTimer);
    this.#stopListening();
  }

  #join(threadId: ThreadId, reader: TapeReader): Watch {
    let watch = this.#watches.get(threadId);
    if (watch === undefined) {
      watch = this.#startWatch(threadId);
      this.#watches.set(threadId, watch);
    }
    watch.readers.add(reader);
    return watch;
  }

  #startWatch(threadId: ThreadId): Watch {
    const channel = wakeChannel(this.#link.keyPrefix, threadId);
    const subscribed = this.#link.subscriptions.subscribe(channel, (message) => {
      const watch = this.#watches.get(threadId);
      if (watch !== undefined) this.#woken(watch, message);
    });
    return {
      threadId,
      channel,
      slot: this.#nextSlot++ % IDLE_SLOTS,
      pager: this.#pager(threadId),
      readers: new Set(),
      hints: new Set(),
      subscribed,
      cursor: -1,
      wakes: 0,
      due: false,
      serving: false,
    };
  }

  #leave(watch: Watch, reader: TapeReader): void {
    watch.readers.delete(reader);
    if (watch.readers.size > 0) return;
    this.#watches.delete(watch.threadId);
    this.#link.subscriptions.unsubscribe(watch.channel);
  }

  #pager(threadId: ThreadId): TapePager {
    return new TapePager(this.#link.command, tapeKey(this.#link.keyPrefix, threadId));
  }

  /** Reads one page for a reader that is not live, and makes it live at the end of the tape. */
  async *#catchUp(watch: Watch, reader: TapeReader, pager: TapePager, signal: AbortSignal): AsyncGenerator<TapeSignal> {
    const hints = reader.takeHints();
    const { wakes, cursor } = watch;
    const page = await this.#tryPage(pager, reader.cursor);

    if (page === null) {
      // Woken by the idle tick, by the next poke, and when Redis is back.
      if (hints.length > 0) yield* hints.map(toSignal);
      else await reader.changed();
      return;
    }

    for (const entry of page.entries) {
      if (signal.aborted) return;
      reader.cursor = entry.seq;
      yield { kind: "entry", entry };
    }

    // The others were served what this page does not have, or will be: read once more.
    if (page.more || watch.wakes !== wakes || watch.cursor !== cursor) {
      reader.hint(hints);
      return;
    }
    if (!hasLive(watch)) watch.cursor = reader.cursor;
    reader.live = true;
    yield* hints.map(toSignal);
  }

  #woken(watch: Watch, message: string): void {
    watch.wakes++;
    if (message === POKE) return this.#hint(watch, "poke");
    for (const reader of watch.readers) if (!reader.live) reader.nudge();
    // Wake-ups arrive late when entries come fast; most were read with the one before.
    if (hasLive(watch) && watch.cursor < Number(message)) this.#serve(watch);
  }

  #hint(watch: Watch, hint: Hint): void {
    watch.hints.add(hint);
    this.#serve(watch);
  }

  #idle(): void {
    this.#slot = (this.#slot + 1) % IDLE_SLOTS;
    for (const watch of this.#watches.values()) {
      // The read that comes before the hint also makes up for a wake-up that got lost.
      if (watch.slot === this.#slot) this.#hint(watch, "idle");
    }
  }

  #serve(watch: Watch): void {
    watch.due = true;
    if (!watch.serving) void this.#serveLive(watch);
  }

  /** Reads what is new and hands it to all live readers, then the hints that were there before the read. */
  async #serveLive(watch: Watch): Promise<void> {
    watch.serving = true;
    try {
      while (watch.due && watch.readers.size > 0) {
        watch.due = false;
        const hints = [...watch.hints];
        watch.hints.clear();
        await this.#fanOut(watch);
        for (const reader of watch.readers) reader.hint(hints);
      }
    } finally {
      watch.serving = false;
    }
  }

  async #fanOut(watch: Watch): Promise<void> {
    while (hasLive(watch)) {
      const page = await this.#tryPage(watch.pager, watch.cursor);
      if (page === null) return;
      for (const entry of page.entries) {
        for (const reader of watch.readers) reader.offer(entry);
      }
      watch.cursor = Math.max(watch.cursor, page.entries.at(-1)?.seq ?? -1);
      if (!page.more) return;
    }
  }

  async #tryPage(pager: TapePager, after: number): Promise<TapePage | null> {
    try {
      return await pager.next(after);
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error) }, "tape could not be read");
      return null;
    }
  }
}

function hasLive(watch: Watch): boolean {
  for (const reader of watch.readers) if (reader.live) return true;
  return false;
}

const toSignal = (kind: Hint): TapeSignal => ({ kind });

function* until(signal: AbortSignal, entries: readonly TapeEntry[]): Generator<TapeSignal> {
  for (const entry of entries) {
    if (signal.aborted) return;
    yield { kind: "entry", entry };
  }
}
