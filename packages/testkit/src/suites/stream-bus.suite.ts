import { setImmediate as nextTick } from "node:timers/promises";

import {
  END,
  OPEN,
  randomIds,
  type RunId,
  type StreamBus,
  type TapeBounds,
  type TapeEntry,
  type TapeLosses,
  type TapeSignal,
  type TapeWriter,
  type ThreadId,
} from "@graphfleet/domain";

/** What the suite needs: `writer` and `reader` may be two processes' views of one tape. */
export interface StreamBusFixture {
  readonly writer: StreamBus;
  readonly reader: StreamBus;
  /** Threads that are read through `reader`. */
  watching(): number;
  close(): Promise<void>;
}

export interface StreamBusSetup extends Partial<TapeBounds & TapeLosses> {
  readonly idleMs: number;
}

/** The numbers of attempts lie this far apart, as the ledger hands them out. */
const BLOCK = 100_000_000;
const KEEP_SECONDS = 60;
const NEVER_IDLE_MS = 3_600_000;

/** What every StreamBus guarantees. */
export function streamBusSuite(openFixture: (setup: StreamBusSetup) => Promise<StreamBusFixture>): void {
  const fixtures: StreamBusFixture[] = [];

  async function openBus(setup: Partial<StreamBusSetup> = {}): Promise<StreamBusFixture> {
    const fixture = await openFixture({ idleMs: NEVER_IDLE_MS, ...setup });
    fixtures.push(fixture);
    return fixture;
  }

  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
  });

  describe("writing", () => {
    test("keeps events in order, numbered from 0, between an open and an end entry", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);

      tape.append({ event: "metadata", data: '{"attempt":1}' });
      tape.append({ event: "values", ns: ["child", "grand|child"], data: '{"text":"ä\\n"}' });
      await tape.close({ status: "success", output: '{"text":"ä"}' }, KEEP_SECONDS);

      const entries = await toEnd(reader, attempt.threadId);
      expect(entries.map(({ event, n }) => [event, n])).toEqual([
        [OPEN, -1],
        ["metadata", 0],
        ["values", 1],
        [END, -1],
      ]);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4].map((step) => attempt.seqBase + step));
      expect(entries[2]).toMatchObject({
        runId: attempt.runId,
        attempt: 1,
        ns: ["child", "grand|child"],
        data: '{"text":"ä\\n"}',
        at: expect.any(Number),
      });
      expect(JSON.parse(entries[3]!.data)).toEqual({ status: "success", output: '{"text":"ä"}', lastEvent: 1 });
    });

    test("tells the numbers it has reached", async () => {
      const { writer } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);

      expect(tape).toMatchObject({ lastEvent: -1, lastSeq: attempt.seqBase + 1, fenced: false });
      tape.append({ event: "values", data: "1" });
      expect(tape).toMatchObject({ lastEvent: 0, lastSeq: attempt.seqBase + 2 });
      await tape.close({ status: "success" }, KEEP_SECONDS);
      expect(tape).toMatchObject({ lastEvent: 0, lastSeq: attempt.seqBase + 3, fenced: false });
    });

    test("has everything on the tape when a flush resolves", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      appendMany(tape, 1200);

      await tape.flush();

      expect(events(await replayed(reader, attempt.threadId))).toEqual(range(1200));
    });

    test("has everything on the tape when it has caught up", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      appendMany(tape, 700);

      await tape.caughtUp();

      expect(events(await replayed(reader, attempt.threadId))).toEqual(range(700));
    });

    test("adds nothing after its end", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      await tape.close({ status: "error" }, KEEP_SECONDS);

      tape.append({ event: "values", data: "1" });
      await tape.close({ status: "success" }, KEEP_SECONDS);
      await tape.flush();

      expect((await replayed(reader, attempt.threadId)).map(({ event }) => event)).toEqual([OPEN, END]);
    });

    test("numbers each run of a thread from 0, on one tape", async () => {
      const { writer, reader } = await openBus();
      const first = firstAttempt();
      const second = { ...first, runId: randomIds.run(), seqBase: 2 * BLOCK };
      for (const attempt of [first, second]) {
        const tape = await writer.open(attempt);
        appendMany(tape, 2);
        await tape.close({ status: "success" }, KEEP_SECONDS);
      }

      const entries = await replayed(reader, first.threadId);

      expect(events(entries, first.runId)).toEqual([0, 1]);
      expect(events(entries, second.runId)).toEqual([0, 1]);
      expectAscending(entries);
    });
  });

  describe("a second attempt", () => {
    test("goes on with the run's numbers and closes the tape to the first", async () => {
      const { writer, reader } = await openBus();
      const first = firstAttempt();
      const stale = await writer.open(first);
      appendMany(stale, 3);
      await stale.flush();

      const tape = await writer.open(nextAttempt(first));
      stale.append({ event: "values", data: '"stale"' });
      await stale.flush();
      tape.append({ event: "values", data: "3" });
      await tape.close({ status: "success" }, KEEP_SECONDS);
      await stale.close({ status: "error" }, KEEP_SECONDS);

      expect(stale.fenced).toBe(true);
      expect(tape.fenced).toBe(false);
      const entries = await toEnd(reader, first.threadId);
      expect(events(entries)).toEqual([0, 1, 2, 3]);
      expect(entries.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 2, 2, 2]);
      expect(entries.at(-1)).toMatchObject({ event: END, data: expect.stringContaining("success") });
    });

    test("counts from 0 when the first one said nothing", async () => {
      const { writer, reader } = await openBus();
      const first = firstAttempt();
      await (await writer.open(first)).release();

      const tape = await writer.open(nextAttempt(first));
      appendMany(tape, 2);
      await tape.flush();

      expect(events(await replayed(reader, first.threadId))).toEqual([0, 1]);
    });

    test("leaves no gap either when attempts before it were given back", async () => {
      const { writer, reader } = await openBus();
      let attempt = firstAttempt();
      for (let claim = 1; claim <= 3; claim++) {
        const tape = await writer.open(attempt);
        appendMany(tape, 2);
        await tape.release();
        // The ledger may know as much as the tape, or less.
        const lastEvent = claim === 1 ? tape.lastEvent : attempt.lastEvent;
        attempt = { ...nextAttempt(attempt), attempt: 1, lastEvent };
      }

      expect(events(await replayed(reader, attempt.threadId))).toEqual(range(6));
    });

    test.each([
      ["the tape is gone, and the ledger is behind", { forget: true, lastEvent: 3 }],
      ["the tape is gone, and the ledger knows of nothing", { forget: true, lastEvent: -1 }],
      ["the tape lost its end, as the ledger knows", { forget: false, lastEvent: 41 }],
    ])("never uses a number again: %s", async (_what, { forget, lastEvent }) => {
      const { writer } = await openBus();
      const first = firstAttempt();
      const given = await writer.open(first);
      appendMany(given, 20);
      await given.release();
      if (forget) await writer.remove(first.threadId);

      const second = await writer.open({ ...nextAttempt(first), lastEvent });
      appendMany(second, 1);
      const begins = second.lastEvent;
      appendMany(second, 4);
      await second.release();
      // A third one counts on from the second, or leaves a gap as well.
      const third = await writer.open({ ...nextAttempt(nextAttempt(first)), lastEvent });
      appendMany(third, 1);
      await third.release();
      await writer.remove(first.threadId);
      const fourth = await writer.open({ ...nextAttempt(nextAttempt(nextAttempt(first))), lastEvent });

      expect(begins).toBeGreaterThan(Math.max(19, lastEvent));
      expect(third.lastEvent).toBe(begins + 5);
      expect(fourth.lastEvent).toBeGreaterThan(third.lastEvent);
    });

    test("finds its numbers although another run wrote between", async () => {
      const { writer } = await openBus();
      const first = firstAttempt();
      const given = await writer.open(first);
      appendMany(given, 5);
      await given.release();
      const between = await writer.open({ ...first, runId: randomIds.run(), seqBase: 2 * BLOCK });
      appendMany(between, 120);
      await between.close({ status: "success" }, KEEP_SECONDS);

      const tape = await writer.open({ ...nextAttempt(first), seqBase: 3 * BLOCK });

      expect(tape.lastEvent).toBe(4);
    });

    test("is followed by a reader that began with the first", async () => {
      const { writer, reader } = await openBus();
      const first = firstAttempt();
      const reading = toEnd(reader, first.threadId);
      const given = await writer.open(first);
      appendMany(given, 10);
      await given.release();

      const tape = await writer.open(nextAttempt(first));
      appendMany(tape, 10);
      await tape.close({ status: "success" }, KEEP_SECONDS);

      expect(events(await reading)).toEqual(range(20));
    });
  });

  describe("reading", () => {
    test("resumes after a number", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      appendMany(tape, 5);
      const after = tape.lastSeq - 2;
      await tape.close({ status: "success" }, KEEP_SECONDS);

      expect(events(await toEnd(reader, attempt.threadId, after))).toEqual([3, 4]);
    });

    test("loses nothing and repeats nothing between the past and live, whenever it begins", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      const total = 3000;

      const readings: Promise<readonly TapeEntry[]>[] = [];
      for (let n = 0; n < total; n++) {
        if (n % 100 === 0) readings.push(toEnd(reader, attempt.threadId));
        tape.append({ event: "values", data: String(n) });
        if (n % 7 === 0) await nextTick();
      }
      await tape.close({ status: "success" }, KEEP_SECONDS);

      for (const entries of await Promise.all(readings)) expect(events(entries)).toEqual(range(total));
    });

    test("serves many readers of one tape and many tapes at once", async () => {
      const { writer, reader, watching } = await openBus();
      const attempts = Array.from({ length: 10 }, firstAttempt);
      const readings = attempts.flatMap(({ threadId }) =>
        Array.from({ length: 10 }, async () => toEnd(reader, threadId)),
      );
      expect(watching()).toBe(10);

      await Promise.all(
        attempts.map(async (attempt) => {
          const tape = await writer.open(attempt);
          appendMany(tape, 50, attempt.runId);
          await tape.close({ status: "success" }, KEEP_SECONDS);
        }),
      );

      for (const [index, entries] of (await Promise.all(readings)).entries()) {
        const attempt = attempts[Math.floor(index / 10)]!;
        expect(events(entries)).toEqual(range(50));
        expect(new Set(entries.map(({ runId }) => runId))).toEqual(new Set([attempt.runId]));
      }
      expect(watching()).toBe(0);
    });

    test("gives a slow reader everything, beside a fast one", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const seen: TapeEntry[] = [];
      const slow = follow(reader, attempt.threadId, async (signal) => {
        if (signal.kind !== "entry") return false;
        seen.push(signal.entry);
        await nextTick();
        return signal.entry.event === END;
      });
      const fast = toEnd(reader, attempt.threadId);

      const tape = await writer.open(attempt);
      for (let round = 0; round < 20; round++) {
        appendMany(tape, 200);
        await tape.flush();
      }
      await tape.close({ status: "success" }, KEEP_SECONDS);

      expect(events(await fast)).toEqual(range(4000));
      await slow;
      expect(events(seen)).toEqual(range(4000));
    });

    test("ends when its signal aborts, and lets go of the thread", async () => {
      const { reader, watching } = await openBus();
      const stop = new AbortController();
      const signals: TapeSignal[] = [];

      const reading = collect(reader.read(randomIds.thread(), { after: -1, signal: stop.signal }), signals);
      expect(watching()).toBe(1);
      stop.abort();
      await reading;

      expect(signals).toEqual([]);
      expect(watching()).toBe(0);
    });

    test("is over at once for a signal that aborted before", async () => {
      const { reader, watching } = await openBus();
      const signals: TapeSignal[] = [];

      await collect(reader.read(randomIds.thread(), { after: -1, signal: AbortSignal.abort() }), signals);

      expect(signals).toEqual([]);
      expect(watching()).toBe(0);
    });

    test("says now and then that it is idle", async () => {
      const { reader } = await openBus({ idleMs: 20 });
      let idle = 0;

      await follow(reader, randomIds.thread(), async ({ kind }) => kind === "idle" && ++idle === 3);

      expect(idle).toBe(3);
    });
  });

  describe("bounds", () => {
    const MAX_BYTES = 200_000;
    const weightOf = (entries: readonly TapeEntry[]) => entries.reduce((sum, { data }) => sum + data.length, 0);

    test("a heavy run keeps its newest events, and what went is counted", async () => {
      let trimmed = 0;
      const { writer, reader } = await openBus({ maxBytes: MAX_BYTES, onTrimmed: (entries) => (trimmed += entries) });
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);

      for (let round = 0; round < 20; round++) {
        appendMany(tape, 10, "x".repeat(5000));
        await tape.flush();
      }
      await tape.close({ status: "success" }, KEEP_SECONDS);

      const entries = await toEnd(reader, attempt.threadId);
      expect(weightOf(entries)).toBeLessThan(1.2 * MAX_BYTES);
      expect(weightOf(entries)).toBeGreaterThan(0.6 * MAX_BYTES);
      expect(events(entries)).toEqual(range(200).slice(-events(entries).length));
      expect(trimmed).toBe(202 - entries.length);
      expect(JSON.parse(entries.at(-1)!.data)).toEqual({ status: "success", lastEvent: 199 });
    });

    test("a batch that is too heavy by itself keeps its newest events", async () => {
      const { writer, reader } = await openBus({ maxBytes: MAX_BYTES });
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);

      appendMany(tape, 400, "x".repeat(5000));
      await tape.flush();

      const entries = await replayed(reader, attempt.threadId);
      expect(weightOf(entries)).toBeLessThan(1.2 * MAX_BYTES);
      expect(events(entries)).toEqual(range(400).slice(-events(entries).length));
    });

    test("all runs of a thread share them: the events of earlier runs go first", async () => {
      const { writer, reader } = await openBus({ maxBytes: MAX_BYTES });
      const first = firstAttempt();
      const runs = Array.from({ length: 10 }, (_, i) => ({
        ...first,
        runId: randomIds.run(),
        seqBase: (i + 1) * BLOCK,
      }));
      for (const attempt of runs) {
        const tape = await writer.open(attempt);
        for (let round = 0; round < 3; round++) {
          appendMany(tape, 5, "x".repeat(5000));
          await tape.flush();
        }
        await tape.close({ status: "success" }, KEEP_SECONDS);
      }

      const entries = await replayed(reader, first.threadId);
      expect(weightOf(entries)).toBeLessThan(1.2 * MAX_BYTES);
      expect(events(entries, runs[9]!.runId)).toEqual(range(15));
      expect(events(entries, runs[0]!.runId)).toEqual([]);
    });

    test("a second attempt counts on from the first, whose oldest events are gone", async () => {
      const { writer, reader } = await openBus({ maxBytes: MAX_BYTES });
      const attempt = firstAttempt();
      const given = await writer.open(attempt);
      appendMany(given, 100, "x".repeat(5000));
      await given.release();

      const tape = await writer.open(nextAttempt(attempt));
      appendMany(tape, 1);
      await tape.close({ status: "success" }, KEEP_SECONDS);

      expect(events(await toEnd(reader, attempt.threadId)).at(-1)).toBe(100);
    });

    test("a run whose events had to go for those of another one uses no number twice", async () => {
      const { writer } = await openBus({ maxBytes: MAX_BYTES });
      const first = { ...firstAttempt(), createdAt: Date.now() };
      const given = await writer.open(first);
      appendMany(given, 5);
      await given.release();
      const between = await writer.open({ ...first, runId: randomIds.run(), seqBase: 2 * BLOCK });
      for (let round = 0; round < 3; round++) {
        appendMany(between, 20, "x".repeat(5000));
        await between.flush();
      }
      await between.close({ status: "success" }, KEEP_SECONDS);

      const tape = await writer.open({ ...nextAttempt(first), seqBase: 3 * BLOCK });

      expect(tape.lastEvent).toBeGreaterThan(4);
    });

    test("what is too large is dropped, spends its number and is counted", async () => {
      const dropped: number[] = [];
      const { writer, reader } = await openBus({ maxEntryBytes: 1000, onDropped: (count) => dropped.push(count) });
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);

      tape.append({ event: "values", data: "1" });
      tape.append({ event: "values", data: JSON.stringify("x".repeat(2000)) });
      tape.append({ event: "values", data: "3" });
      // Fewer characters than bytes.
      tape.append({ event: "values", data: JSON.stringify("ä".repeat(800)) });
      await tape.close({ status: "success", output: JSON.stringify("x".repeat(2000)) }, KEEP_SECONDS);

      const entries = await toEnd(reader, attempt.threadId);
      expect(events(entries)).toEqual([0, 2]);
      expect(JSON.parse(entries.at(-1)!.data)).toEqual({ status: "success", lastEvent: 3 });
      expect(dropped).toEqual([1, 1]);
    });

    test("edits by hand keep to them too", async () => {
      const dropped: number[] = [];
      const bounds = { maxBytes: MAX_BYTES, maxEntryBytes: 100_000, onDropped: (count: number) => dropped.push(count) };
      const { writer, reader } = await openBus(bounds);
      const threadId = randomIds.thread();

      for (let seq = 1; seq <= 20; seq++) {
        const data = JSON.stringify("x".repeat(50_000));
        await writer.announce(threadId, { seq, event: "news", data }, KEEP_SECONDS);
      }
      const data = JSON.stringify("x".repeat(200_000));
      await writer.announce(threadId, { seq: 21, event: "news", data }, KEEP_SECONDS);

      const entries = await replayed(reader, threadId);
      expect(weightOf(entries)).toBeLessThan(1.2 * MAX_BYTES);
      expect(entries.at(-1)?.seq).toBe(20);
      expect(dropped).toEqual([1]);
    });
  });

  describe("poke", () => {
    test("reaches every reader of the thread, after what was written before it", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      const live = Array.from({ length: 3 }, () => untilPoked(reader, attempt.threadId));
      await Promise.all(live.map(({ opened }) => opened));

      appendMany(tape, 700);
      await tape.flush();
      await writer.poke(attempt.threadId);

      for (const { entries } of live) expect(events(await entries)).toEqual(range(700));
    });

    test("does not reach readers of other threads", async () => {
      const { writer, reader } = await openBus();
      const [poked, other] = [firstAttempt(), firstAttempt()];
      const hints: TapeSignal["kind"][] = [];
      const reading = follow(reader, other.threadId, async (signal) => {
        if (signal.kind === "entry") return signal.entry.event === END;
        hints.push(signal.kind);
        return false;
      });

      await writer.poke(poked.threadId);
      const tape = await writer.open(other);
      await tape.close({ status: "success" }, KEEP_SECONDS);
      await reading;

      expect(hints).not.toContain("poke");
    });
  });

  describe("announce", () => {
    test("adds an entry that is no run's, for live readers and for later ones", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      const live = untilEvent(reader, attempt.threadId, "news");
      await live.opened;
      await tape.close({ status: "success" }, KEEP_SECONDS);

      const seq = tape.lastSeq + 1;
      await writer.announce(attempt.threadId, { seq, event: "news", data: '{"a":1}' }, KEEP_SECONDS);

      const expected = { seq, runId: null, event: "news", ns: [], data: '{"a":1}' };
      expect((await live.entries).at(-1)).toMatchObject(expected);
      expect(await replayed(reader, attempt.threadId, tape.lastSeq)).toMatchObject([expected]);
    });

    test("begins a tape when there is none", async () => {
      const { writer, reader } = await openBus();
      const threadId = randomIds.thread();

      await writer.announce(threadId, { seq: 1, event: "news", data: "1" }, KEEP_SECONDS);

      expect(await replayed(reader, threadId)).toMatchObject([{ seq: 1, event: "news" }]);
    });

    test("is void once a run has begun to speak", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      appendMany(tape, 1);
      await tape.flush();

      await writer.announce(attempt.threadId, { seq: 1, event: "news", data: "1" }, KEEP_SECONDS);
      await tape.close({ status: "success" }, KEEP_SECONDS);

      expect((await toEnd(reader, attempt.threadId)).map(({ event }) => event)).toEqual([OPEN, "values", END]);
      expect(tape.fenced).toBe(false);
    });
  });

  describe("replay", () => {
    test("gives what is there and ends, also while the run goes on", async () => {
      const { writer, reader } = await openBus();
      const attempt = firstAttempt();
      const tape = await writer.open(attempt);
      appendMany(tape, 1500);
      await tape.flush();

      const all = await replayed(reader, attempt.threadId);
      expect(events(all)).toEqual(range(1500));
      expect(events(await replayed(reader, attempt.threadId, all.at(-4)!.seq))).toEqual([1497, 1498, 1499]);
    });

    test("gives nothing for a thread without a tape", async () => {
      const { reader } = await openBus();

      expect(await replayed(reader, randomIds.thread())).toEqual([]);
    });
  });

  test("remove takes the tape away", async () => {
    const { writer, reader } = await openBus();
    const attempt = firstAttempt();
    const tape = await writer.open(attempt);
    await tape.close({ status: "success" }, KEEP_SECONDS);

    await writer.remove(attempt.threadId);

    expect(await replayed(reader, attempt.threadId)).toEqual([]);
  });
}

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
const untilPoked = (bus: StreamBus, threadId: ThreadId) => until(bus, threadId, ({ kind }) => kind === "poke");

/** Reads until there is an entry with this event. */
const untilEvent = (bus: StreamBus, threadId: ThreadId, event: string) =>
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

async function collect<T>(source: AsyncIterable<T>, into: T[]): Promise<void> {
  for await (const item of source) into.push(item);
}

function expectAscending(entries: readonly TapeEntry[]): void {
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
}
