import { setImmediate as nextTick } from "node:timers/promises";

import { END, randomIds, type TapeEntry, type TapeSignal } from "@graphfleet/domain";
import type { OpenBus } from "./stream-bus-fixture.js";
import {
  appendMany,
  collect,
  events,
  firstAttempt,
  follow,
  KEEP_SECONDS,
  range,
  replayed,
  toEnd,
  untilPoked,
} from "./tape-talk.js";

/** What readers see of a tape, live and later. */
export function readingTests(openBus: OpenBus): void {
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
}
