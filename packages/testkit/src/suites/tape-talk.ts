/** What tests of a tape say to it, and how they read it. */
import {
  END,
  randomIds,
  type RunId,
  type StreamBus,
  type TapeEntry,
  type TapeSignal,
  type TapeWriter,
  type ThreadId,
} from "@graphfleet/domain";

/** The numbers of attempts lie this far apart, as the ledger hands them out. */
export const BLOCK = 100_000_000;
export const KEEP_SECONDS = 60;

type Attempt = Parameters<StreamBus["open"]>[0];

/** A run that was claimed for the first time, on a thread of its own. */
export const firstAttempt = (): Attempt => ({
  threadId: randomIds.thread(),
  runId: randomIds.run(),
  attempt: 1,
  claim: 1,
  seqBase: BLOCK,
  lastEvent: -1,
  // So old that nobody remembers whether it has spoken.
  createdAt: 0,
});

/** The claim after that one. */
export const nextAttempt = (attempt: Attempt): Attempt => ({
  ...attempt,
  attempt: attempt.attempt + 1,
  claim: attempt.claim + 1,
  seqBase: attempt.seqBase + BLOCK,
});

/** Queues `count` values. */
export function appendMany(tape: TapeWriter, count: number, text = "value"): void {
  for (let i = 0; i < count; i++) tape.append({ event: "values", data: JSON.stringify({ i, text }) });
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Event numbers on the tape, in its order. */
export const events = (entries: readonly TapeEntry[], runId?: RunId): number[] =>
  entries.filter((entry) => entry.n >= 0 && (runId === undefined || entry.runId === runId)).map(({ n }) => n);

/** Reads until `done` says so. */
export async function follow(
  bus: StreamBus,
  threadId: ThreadId,
  done: (signal: TapeSignal) => Promise<boolean>,
  after = -1,
): Promise<void> {
  const stop = new AbortController();
  for await (const signal of bus.read(threadId, { after, signal: stop.signal })) {
    if (await done(signal)) return;
  }
}

/** All entries up to the end of a run. */
export async function toEnd(bus: StreamBus, threadId: ThreadId, after = -1): Promise<readonly TapeEntry[]> {
  const entries: TapeEntry[] = [];
  await follow(
    bus,
    threadId,
    async (signal) => {
      if (signal.kind !== "entry") return false;
      entries.push(signal.entry);
      return signal.entry.event === END;
    },
    after,
  );
  return entries;
}

/** Reads until poked. `opened` resolves when the reader has seen the first entry. */
export const untilPoked = (bus: StreamBus, threadId: ThreadId) => until(bus, threadId, ({ kind }) => kind === "poke");

/** Reads until there is an entry with this event. */
export const untilEvent = (bus: StreamBus, threadId: ThreadId, event: string) =>
  until(bus, threadId, (signal) => signal.kind === "entry" && signal.entry.event === event);

function until(bus: StreamBus, threadId: ThreadId, isLast: (signal: TapeSignal) => boolean) {
  let onOpened: () => void;
  const opened = new Promise<void>((resolve) => {
    onOpened = resolve;
  });
  const seen: TapeEntry[] = [];
  const entries = follow(bus, threadId, async (signal) => {
    if (signal.kind === "entry") {
      seen.push(signal.entry);
      onOpened();
    }
    return isLast(signal);
  }).then(() => seen);
  return { opened, entries };
}

export async function replayed(bus: StreamBus, threadId: ThreadId, after = -1): Promise<readonly TapeEntry[]> {
  const entries: TapeEntry[] = [];
  await collect(bus.replay(threadId, after), entries);
  return entries;
}

export async function collect<T>(source: AsyncIterable<T>, into: T[]): Promise<void> {
  for await (const item of source) into.push(item);
}
