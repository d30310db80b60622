import { END, openEncryption, sealedTape } from "@graphfleet/domain";
import {
  appendMany,
  events,
  firstAttempt,
  manualClock,
  nextAttempt,
  range,
  replayed,
  streamBusSuite,
} from "@graphfleet/testkit";

import { MemoryStreamBus, type StreamBusOptions } from "./stream-bus.js";

describe("MemoryStreamBus", () => {
  streamBusSuite(async (setup) => {
    const bus = new MemoryStreamBus(setup);
    return { writer: bus, reader: bus, watching: () => bus.watching(), close: async () => bus.close() };
  });

  test("sealed, it holds nothing readable, and readers with the key notice nothing", async () => {
    const plain = new MemoryStreamBus();
    const settings = { key: "k".repeat(32), fallbackKeys: "", legacyKey: undefined, jsonKeys: "" };
    const sealed = sealedTape(plain, openEncryption(settings));
    const attempt = firstAttempt();
    const tape = await sealed.open(attempt);

    tape.append({ event: "values", ns: ["child"], data: '"a canary"' });
    tape.append({ event: "custom", data: '{"$sealed":"what a user wrote"}' });
    expect(tape).toMatchObject({ lastEvent: 1, fenced: false });
    await tape.close({ status: "success", output: '{"text":"a canary"}' }, 60);

    expect(JSON.stringify(await replayed(plain, attempt.threadId))).not.toMatch(/canary|what a user/);
    const read = (await replayed(sealed, attempt.threadId)).map(({ event, ns, data }) => [event, ns, data]);
    expect(read.slice(1)).toEqual([
      ["values", ["child"], '"a canary"'],
      ["custom", [], '{"$sealed":"what a user wrote"}'],
      [END, [], JSON.stringify({ status: "success", lastEvent: 1, output: '{"text":"a canary"}' })],
    ]);

    const before = await plain.open(nextAttempt(attempt));
    before.append({ event: "values", data: '"from before there was a key"' });
    expect((await replayed(sealed, attempt.threadId)).at(-1)?.data).toBe('"from before there was a key"');
    await before.release();
    plain.close();
  });

  describe("bounds", () => {
    const open = (options: StreamBusOptions) => {
      const bus = new MemoryStreamBus(options);
      bus.close();
      return bus;
    };

    test("keeps the newest entries of a long tape", async () => {
      const bus = open({ maxEntries: 100 });
      const attempt = firstAttempt();
      const tape = await bus.open(attempt);

      appendMany(tape, 1000);

      const kept = events(await replayed(bus, attempt.threadId));
      expect(kept.length).toBeGreaterThanOrEqual(100);
      expect(kept.length).toBeLessThanOrEqual(110);
      expect(kept).toEqual(range(1000).slice(-kept.length));
    });

    test("keeps the newest entries of a heavy tape, the last one in any case", async () => {
      const bus = open({ maxBytes: 10 });
      const attempt = firstAttempt();
      const tape = await bus.open(attempt);

      appendMany(tape, 5);
      await tape.close({ status: "success", output: JSON.stringify("x".repeat(100)) }, 60);

      expect((await replayed(bus, attempt.threadId)).map(({ event }) => event)).toEqual([END]);
    });

    test("forgets a tape some time after its end", async () => {
      const clock = manualClock();
      const bus = open({ now: clock.now });
      const attempt = firstAttempt();
      const tape = await bus.open(attempt);
      await tape.close({ status: "success" }, 60);

      clock.advance(59_000);
      expect(await replayed(bus, attempt.threadId)).toHaveLength(2);
      clock.advance(1000);
      expect(await replayed(bus, attempt.threadId)).toEqual([]);
    });

    test("forgets a tape that nobody writes to any more", async () => {
      const clock = manualClock();
      const bus = open({ now: clock.now, runningSeconds: 10 });
      const attempt = firstAttempt();
      const tape = await bus.open(attempt);

      clock.advance(9000);
      appendMany(tape, 1);
      clock.advance(9000);
      expect(await replayed(bus, attempt.threadId)).toHaveLength(2);
      clock.advance(1000);
      expect(await replayed(bus, attempt.threadId)).toEqual([]);
    });
  });
});
