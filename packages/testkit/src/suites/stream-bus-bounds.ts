import { randomIds, type TapeEntry } from "@graphfleet/domain";
import type { OpenBus } from "./stream-bus-fixture.js";
import {
  appendMany,
  BLOCK,
  events,
  firstAttempt,
  KEEP_SECONDS,
  nextAttempt,
  range,
  replayed,
  toEnd,
} from "./tape-talk.js";

/** What a tape keeps when more is said than it may hold. */
export function boundsTests(openBus: OpenBus): void {
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
}
