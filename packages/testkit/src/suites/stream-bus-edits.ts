import { END, OPEN, randomIds } from "@graphfleet/domain";
import type { OpenBus } from "./stream-bus-fixture.js";
import { appendMany, firstAttempt, KEEP_SECONDS, replayed, toEnd, untilEvent } from "./tape-talk.js";

/** Changes to a tape that are no run's. */
export function editTests(openBus: OpenBus): void {
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

  test("remove takes the tape away", async () => {
    const { writer, reader } = await openBus();
    const attempt = firstAttempt();
    const tape = await writer.open(attempt);
    await tape.close({ status: "success" }, KEEP_SECONDS);

    await writer.remove(attempt.threadId);

    expect(await replayed(reader, attempt.threadId)).toEqual([]);
  });
}
