import { END, OPEN, randomIds, type TapeEntry } from "@graphfleet/domain";
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

/** What is on a tape after one attempt, and after another one. */
export function writingTests(openBus: OpenBus): void {
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
}

function expectAscending(entries: readonly TapeEntry[]): void {
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
}
