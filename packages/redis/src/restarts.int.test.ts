import { END, type TapeSignal } from "@graphfleet/domain";
import {
  appendMany,
  events,
  firstAttempt,
  follow,
  Hearing,
  newRing,
  nextAttempt,
  range,
  replayed,
  ringUntilTaken,
  toEnd,
} from "@graphfleet/testkit";
import { back, Outages } from "../test/outages.js";
import { consumeRings } from "./ring-consumer.js";
import type { RedisStreamBus } from "./stream-bus.js";

/* What happens when Redis goes away and comes back. */

const outages = await Outages.open();

outages.describe("when Redis restarts", () => {
  test("a reader and a writer go on, and what was said meanwhile arrives", async () => {
    const link = await outages.openLink();
    const bus = outages.openBus(link);
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    const tape = await bus.open(attempt);
    appendMany(tape, 10);
    await tape.flush();
    await follow(bus, attempt.threadId, async ({ kind }) => kind === "idle");

    await outages.stopServer(link);
    appendMany(tape, 10);
    await outages.server.start();
    appendMany(tape, 10);
    await tape.close({ status: "success" }, 60);

    const entries = await reading;
    expect(events(entries)).toEqual(range(30));
    expect(entries.at(-1)).toMatchObject({ event: END });
  });

  test("while it is away a reader is told to ask the ledger, and the past is empty", async () => {
    const link = await outages.openLink();
    const bus = outages.openBus(link, { idleMs: 20 });
    const attempt = firstAttempt();
    await outages.stopServer(link);

    const kinds: TapeSignal["kind"][] = [];
    await follow(bus, attempt.threadId, async ({ kind }) => kinds.push(kind) === 3);

    expect(kinds).toEqual(["idle", "idle", "idle"]);
    expect(await replayed(bus, attempt.threadId)).toEqual([]);
    await expect(bus.poke(attempt.threadId)).resolves.toBeUndefined();
    await expect(bus.remove(attempt.threadId)).resolves.toBeUndefined();
    await expect(link.ping()).rejects.toMatchObject({ code: "unavailable" });
    await outages.server.start();
    await back(link);
    await expect(link.ping()).resolves.toBeUndefined();
  });

  test("a writer keeps what fits its spool, drops the rest and shows the gap", async () => {
    const dropped: number[] = [];
    const link = await outages.openLink();
    const bus = outages.openBus(link, { spoolBytes: 1000, onDropped: (count) => dropped.push(count) });
    const attempt = firstAttempt();
    const tape = await bus.open(attempt);
    appendMany(tape, 1);
    await tape.flush();

    await outages.stopServer(link);
    tape.append({ event: "values", data: '"first"' });
    // The first failure tells the writer that Redis is away.
    await follow(bus, attempt.threadId, async ({ kind }) => kind === "idle");
    appendMany(tape, 50, "x".repeat(100));
    const lost = dropped.length;
    await outages.server.start();
    await tape.flush();
    appendMany(tape, 1);
    await tape.close({ status: "success" }, 60);

    const numbers = events(await replayed(bus, attempt.threadId));
    expect(lost).toBeGreaterThan(30);
    expect(numbers).toHaveLength(52 - lost);
    expect(numbers.at(0)).toBe(1);
    expect(numbers.at(-1)).toBe(52);
  });

  test("an attempt that begins while it is away is on the tape later", async () => {
    const link = await outages.openLink();
    const bus = outages.openBus(link);
    await outages.stopServer(link);
    const attempt = { ...nextAttempt(firstAttempt()), lastEvent: 7 };

    const tape = await bus.open(attempt);
    appendMany(tape, 2);
    await outages.server.start();
    await tape.close({ status: "success" }, 60);

    // What an earlier attempt said is not known, so it takes numbers of its own.
    const { lastEvent } = tape;
    expect(lastEvent).toBeGreaterThan(1_000_000);
    expect(events(await toEnd(bus, attempt.threadId))).toEqual([lastEvent - 1, lastEvent]);
  });

  test("a writer does not wait for ever, and gives up in the end", async () => {
    const link = await outages.openLink();
    let bus: RedisStreamBus | undefined;
    const dropped = new Promise<number>((resolve) => {
      bus = outages.openBus(link, { flushWaitMs: 50, lingerMs: 50, onDropped: resolve });
    });
    const tape = await bus!.open(firstAttempt());
    await outages.stopServer(link);

    appendMany(tape, 2);
    await tape.caughtUp();
    await tape.close({ status: "success" }, 60);

    expect(await dropped).toBe(3);
    expect(tape.fenced).toBe(false);
    await outages.server.start();
  });

  test("rings are refused while it is away, and heard when it is back", async () => {
    const link = await outages.openLink();
    const queue = outages.openQueue(link);
    const heard = new Hearing();
    const [before, after] = [newRing(), newRing()];
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    await queue.ring([before]);
    await heard.next(1);

    await outages.stopServer(link);
    await expect(queue.ring([newRing()])).rejects.toMatchObject({ code: "unavailable" });
    await outages.server.start();
    await back(link);
    await ringUntilTaken(queue, after);

    expect((await heard.next(2)).at(1)).toEqual(after);
    await consumer.close();
  });

  test("a process that starts without it works once it is there", async () => {
    await outages.server.stop();
    const link = await outages.openLink();
    const bus = outages.openBus(link);
    const queue = outages.openQueue(link);
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    await expect(queue.ring([newRing()])).rejects.toMatchObject({ code: "unavailable" });

    await outages.server.start();
    await back(link);
    const tape = await bus.open(attempt);
    await tape.close({ status: "success" }, 60);
    await ringUntilTaken(queue);

    await heard.next(1);
    expect((await reading).at(-1)).toMatchObject({ event: END });
    await consumer.close();
  });

  test("a consumer closes without it", async () => {
    const link = await outages.openLink();
    const queue = outages.openQueue(link);
    let letGo = (): void => undefined;
    let handled = false;
    const heard = new Hearing();
    const consumer = consumeRings(link, {
      concurrency: 1,
      handle: async (ring) => {
        const released = new Promise<void>((resolve) => (letGo = resolve));
        await heard.handle(ring);
        await released;
        handled = true;
      },
    });
    await queue.ring([newRing()]);
    await heard.next(1);

    await outages.stopServer(link);
    const closing = consumer.close();
    letGo();
    await closing;

    expect(handled).toBe(true);
    await outages.server.start();
  });
});
