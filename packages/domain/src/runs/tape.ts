import type { RunId, ThreadId } from "../ids.js";
import type { TerminalStatus } from "./run.js";

/**
 * The tape: what a thread's runs said, in order.
 *
 * There is one tape per thread. `seq` grows along the thread for ever, over runs, attempts and a loss of Redis, because
 * the ledger hands each attempt a block of numbers of its own (`ClaimedRun.seqBase`). The tape refuses numbers at or
 * below its last one, so once a newer attempt has written, a stale worker can add nothing: the fence costs nothing.
 * `n` counts the events of a run from 0 and goes on over attempts; it is the id of the classic stream, and
 * `<run id>:<n>` is the event id of the thread protocol. It never goes back: see `lastEventBefore`.
 */
export interface TapeEntry {
  readonly seq: number;
  /** Null for what happened to the thread between runs. */
  readonly runId: RunId | null;
  readonly n: number;
  readonly attempt: number;
  /** Name of the event without its namespace: a stream mode's event, `metadata`, `error`; or `end`, which clients never see. */
  readonly event: string;
  /** Namespace of the subgraph that spoke; empty for the graph itself. */
  readonly ns: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** One line of JSON, serialised once by the worker. */
  readonly data: string;
}

/** What a worker adds; numbers and time are given by the writer. */
export interface TapeEvent {
  readonly event: string;
  readonly ns?: readonly string[];
  readonly data: string;
}

/** Data of the `end` entry. `output` is what `wait` answers; absent when it was too large to travel here. */
export interface RunEnd {
  readonly status: TerminalStatus | "rolled_back";
  readonly output?: string;
  /** Number of the run's last event, so that a reader knows whether it has seen it. Added by the writer. */
  readonly lastEvent?: number;
}

export const END = "end";
/** First entry of each attempt. Closes the tape to earlier attempts; clients never see it. */
export const OPEN = "open";

/** Each claim of a run has so many event numbers of its own, for when nobody knows what the claims before it used. */
const EVENT_BLOCK = 100_000_000;

/**
 * The event number behind which an attempt counts on.
 *
 * The tape knows it best, because every event that a reader has seen was on it: counting on from there leaves no gap.
 * But Redis may have forgotten the tape, or its end, and the ledger is behind by up to a heartbeat. Then the attempt
 * begins the block of its claim, so that no number comes twice; readers see a gap.
 *
 * @param claim counts the claims of the run from 1: its fence.
 * @param onRecord highest number that the ledger knows of; -1 for none.
 * @param onTape highest number on the tape, -1 when the run has said nothing yet; null when the tape cannot tell.
 */
export function lastEventBefore(claim: number, onRecord: number, onTape: number | null): number {
  if (onTape !== null && onTape >= onRecord) return onTape;
  return Math.max(onRecord, onTape ?? -1, (claim - 1) * EVENT_BLOCK - 1);
}

/** Whether an attempt counts on directly behind events that readers have, and did not begin a block of numbers. */
export const goesOnBehind = (lastEvent: number): boolean => lastEvent >= 0 && (lastEvent + 1) % EVENT_BLOCK !== 0;

/** Data of an attempt's `open` entry. */
export const openData = (claim: number): string => JSON.stringify({ claim });

/** Whether this is where the tape of the run begins. */
export const isFirstOpen = (entry: Pick<TapeEntry, "event" | "data">): boolean =>
  entry.event === OPEN && entry.data === openData(1);

/** Someone edited the thread's state by hand. */
export const STATE_UPDATE = "state_update";

/**
 * How much a tape holds. Beyond a bound the oldest entries go, those of earlier attempts and runs first; the newest entry
 * always stays. Their numbers are not used again, so a reader that comes for them can tell that they are missing.
 */
export interface TapeBounds {
  readonly maxEntries: number;
  /** Of all runs of the thread together. */
  readonly maxBytes: number;
  /** A larger event is not written; its number is spent. A larger output is left out of the `end` entry. */
  readonly maxEntryBytes: number;
}

/** About: adapters trim a little late. */
export const TAPE_BOUNDS: TapeBounds = {
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  maxEntryBytes: 32 * 1024 * 1024,
};

/** What an entry costs besides its data, about. */
export const ENTRY_OVERHEAD_BYTES = 100;

/** Told about what readers will miss, for counters. */
export interface TapeLosses {
  /** So many events were not written: they were too large, or the tape was away for too long. */
  readonly onDropped: (events: number) => void;
  /** So many entries had to leave a tape that was too heavy. */
  readonly onTrimmed: (entries: number) => void;
}

/** Writes one attempt's part of the tape. */
export interface TapeWriter {
  /** Queues an event. Never throws and never waits: a run does not fail because its tape could not be written. */
  append(event: TapeEvent): void;
  /** Resolves when everything queued is on the tape, or was given up. */
  flush(): Promise<void>;
  /**
   * Like `flush`, for someone who wants to go on: resolves at once while the tape cannot be written, and waits for a
   * slow one only briefly.
   */
  caughtUp(): Promise<void>;
  /** Flushes, then writes the last entry and bounds the life of the tape. */
  close(end: RunEnd, keepSeconds: number): Promise<void>;
  /** Flushes without an ending: another attempt will go on. */
  release(): Promise<void>;
  /** Number of the last event that was queued; -1 for none. */
  readonly lastEvent: number;
  /** Highest tape number used. */
  readonly lastSeq: number;
  /** True once a newer attempt has closed the tape to us. */
  readonly fenced: boolean;
  /** Why nothing that is said may be written; then the run has to fail. */
  readonly unusable?: Error;
}

/** What a reader gets: entries in order; `poke` when someone says to look at the ledger; `idle` every few seconds. */
export type TapeSignal =
  { readonly kind: "entry"; readonly entry: TapeEntry } | { readonly kind: "poke" } | { readonly kind: "idle" };

export interface StreamBus {
  /** Opens the tape for one attempt. Events count on behind those of earlier attempts, see `lastEventBefore`. */
  open(attempt: {
    readonly threadId: ThreadId;
    readonly runId: RunId;
    readonly attempt: number;
    /** Counts the claims of the run, also those that spent no attempt: its fence. */
    readonly claim: number;
    readonly seqBase: number;
    readonly lastEvent: number;
    /** When the run was created, in milliseconds since the epoch: its tape is not older. */
    readonly createdAt: number;
  }): Promise<TapeWriter>;
  /**
   * Reads a thread's tape after `seq`, then goes on live, until `signal` aborts. Nothing is lost between the two. A
   * reader that takes its time is served from the store; it costs bounded memory.
   */
  read(
    threadId: ThreadId,
    options: { readonly after: number; readonly signal: AbortSignal },
  ): AsyncIterable<TapeSignal>;
  /** What is on the tape now, after `seq`; for readers that only want the past. */
  replay(threadId: ThreadId, after: number): AsyncIterable<TapeEntry>;
  /**
   * Adds an entry that is no run's, while no run of the thread is in flight. Its number comes from the ledger. A hint:
   * it may get lost, and does when a run has begun to speak since. `keepSeconds` is how long it can be read, at least.
   */
  announce(threadId: ThreadId, news: TapeEvent & { readonly seq: number }, keepSeconds: number): Promise<void>;
  /** Tells readers of the thread to look at the ledger. A hint: it may get lost. */
  poke(threadId: ThreadId): Promise<void>;
  /** Removes the tape of a deleted thread. */
  remove(threadId: ThreadId): Promise<void>;
}
