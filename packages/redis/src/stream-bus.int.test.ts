import { randomIds } from "@graphfleet/domain";
import {
  appendMany,
  describeRedis,
  events,
  firstAttempt,
  follow,
  nextAttempt,
  range,
  redisPrefix,
  redisUri,
  replayed,
  silentLog,
  type StreamBusSetup,
  streamBusSuite,
  toEnd,
} from "@graphfleet/testkit";

import { openRedis, type RedisLink } from "./connection.js";
import { RedisStreamBus, type StreamBusOptions } from "./stream-bus.js";
import { tapeKey, toFields } from "./tape-codec.js";

const links: RedisLink[] = [];
const buses: RedisStreamBus[] = [];

/** Like one process. */
async function openBus(keyPrefix: string, options: StreamBusOptions = {}) {
  const link = await openRedis({ uri: redisUri(), keyPrefix, log: silentLog });
  const bus = new RedisStreamBus(link, options);
  links.push(link);
  buses.push(bus);
  return { link, bus };
}

afterEach(async () => {
  for (const bus of buses.splice(0)) bus.close();
  await Promise.all(links.splice(0).map((link) => link.close()));
});

describeRedis("RedisStreamBus", () => {
  const fixture = (options: StreamBusOptions) => async (setup: StreamBusSetup) => {
    const keyPrefix = redisPrefix();
    const writer = await openBus(keyPrefix, { ...setup, ...options });
    const reader = await openBus(keyPrefix, { ...setup, ...options });
    return {
      writer: writer.bus,
      reader: reader.bus,
      watching: () => reader.bus.watching(),
      // afterEach closes what was opened.
      close: async () => undefined,
    };
  };

  describe("between processes", () => {
    streamBusSuite(fixture({}));
  });

  describe("with readers that may hold two entries", () => {
    streamBusSuite(fixture({ readerEntries: 2 }));
  });

  describe("with readers that may hold a few bytes", () => {
    streamBusSuite(fixture({ readerBytes: 100 }));
  });

  describe("what it leaves in Redis", () => {
    test("a bounded tape", async () => {
      const { link, bus } = await openBus(redisPrefix(), { maxEntries: 200 });
      const attempt = firstAttempt();
      const tape = await bus.open(attempt);

      appendMany(tape, 5000);
      await tape.flush();

      // Redis trims whole nodes of 100 entries.
      expect(await link.command.xlen(tapeKey(link.keyPrefix, attempt.threadId))).toBeLessThanOrEqual(300);
    });

    test("a tape that is bounded by its weight, as Redis measures it, over runs", async () => {
      const maxBytes = 1_000_000;
      const { link, bus } = await openBus(redisPrefix(), { maxBytes });
      const first = firstAttempt();
      const key = tapeKey(link.keyPrefix, first.threadId);
      const weights: number[] = [];

      for (let run = 1; run <= 8; run++) {
        const tape = await bus.open({ ...first, runId: randomIds.run(), seqBase: first.seqBase * run });
        for (let round = 0; round < 4; round++) {
          appendMany(tape, 30, "x".repeat(5000));
          await tape.flush();
          weights.push(Number(await link.command.memory("USAGE", key, "SAMPLES", 0)));
        }
        await tape.close({ status: "success" }, 60);
      }

      expect(Math.max(...weights)).toBeLessThan(1.3 * maxBytes);
      expect(weights.at(-1)).toBeGreaterThan(0.3 * maxBytes);
    });

    test("a tape that lives while it is written and not long after its end", async () => {
      const { link, bus } = await openBus(redisPrefix(), { runningSeconds: 500 });
      const attempt = firstAttempt();
      const key = tapeKey(link.keyPrefix, attempt.threadId);

      const tape = await bus.open(attempt);
      const whileRunning = await link.command.ttl(key);
      await tape.close({ status: "success" }, 50);
      const afterEnd = await link.command.ttl(key);

      expect(whileRunning).toBeGreaterThan(400);
      expect(afterEnd).toBeGreaterThan(0);
      expect(afterEnd).toBeLessThanOrEqual(50);
    });

    test("one subscription and one read per batch for a thousand readers of one run", async () => {
      const { link, bus } = await openBus(redisPrefix());
      const writing = await openBus(link.keyPrefix);
      const attempt = firstAttempt();
      const tape = await writing.bus.open(attempt);
      await tape.flush();
      const readers = 1000;
      const batches = 50;
      let live = 0;
      let tellAllLive: () => void;
      const allLive = new Promise<void>((resolve) => {
        tellAllLive = resolve;
      });
      const readings = Array.from({ length: readers }, async () => {
        const seen: number[] = [];
        await follow(bus, attempt.threadId, async (signal) => {
          // Hints are for those who have read all there was.
          if (signal.kind === "poke" && ++live === readers) tellAllLive();
          if (signal.kind === "entry" && signal.entry.n >= 0) seen.push(signal.entry.n);
          return signal.kind === "entry" && signal.entry.event === "end";
        });
        return seen;
      });
      await follow(bus, attempt.threadId, async ({ kind }) => kind === "entry");
      await writing.bus.poke(attempt.threadId);
      await allLive;
      expect(link.subscriptions.size).toBe(1);

      let reads = 0;
      const { xrange } = link.command;
      link.command.xrange = ((...args: Parameters<typeof xrange>) => {
        reads += 1;
        return xrange.apply(link.command, args);
      }) as typeof xrange;
      for (let batch = 0; batch < batches; batch++) {
        appendMany(tape, 5);
        await tape.flush();
      }
      await tape.close({ status: "success" }, 60);

      for (const seen of await Promise.all(readings)) expect(seen).toEqual(range(5 * batches));
      expect(link.subscriptions.size).toBe(0);
      // At most two per batch, however many listen.
      expect(reads).toBeLessThan(readers);
    });

    test("no subscription once the last reader is gone", async () => {
      const { link, bus } = await openBus(redisPrefix());
      const attempts = Array.from({ length: 20 }, firstAttempt);

      await Promise.all(
        attempts.map(async (attempt) => {
          const readings = [toEnd(bus, attempt.threadId), toEnd(bus, attempt.threadId)];
          const tape = await bus.open(attempt);
          await tape.close({ status: "success" }, 60);
          await Promise.all(readings);
        }),
      );

      expect(bus.watching()).toBe(0);
      expect(link.subscriptions.size).toBe(0);
      // A confirmed subscription comes after all the goodbyes before it.
      await link.subscriptions.subscribe(`${link.keyPrefix}last`, () => undefined);
      expect(await link.command.pubsub("CHANNELS", `${link.keyPrefix}*`)).toEqual([`${link.keyPrefix}last`]);
    });
  });

  test("carries entries of megabytes", async () => {
    const { bus } = await openBus(redisPrefix());
    const attempt = firstAttempt();
    const tape = await bus.open(attempt);
    const data = JSON.stringify("x".repeat(3_000_000));

    for (let i = 0; i < 5; i++) tape.append({ event: "values", data });
    await tape.close({ status: "success" }, 60);

    const entries = await toEnd(bus, attempt.threadId);
    expect(events(entries)).toEqual(range(5));
    expect(entries.every((entry) => entry.n === -1 || entry.data === data)).toBe(true);
  });

  test("finds an entry whose wake-up got lost at the next idle tick", async () => {
    const { link, bus } = await openBus(redisPrefix(), { idleMs: 100 });
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    const tape = await bus.open(attempt);
    await tape.flush();

    const entry = { ...attempt, n: -1, event: "end", ns: [], at: 0, data: "{}", seq: attempt.seqBase + 2 };
    await link.command.xadd(tapeKey(link.keyPrefix, attempt.threadId), `${entry.seq}-0`, ...toFields(entry));

    expect((await reading).at(-1)).toMatchObject({ seq: entry.seq, event: "end" });
  });

  test("a stale attempt stays out although it was never told", async () => {
    const keyPrefix = redisPrefix();
    const [first, second] = [await openBus(keyPrefix), await openBus(keyPrefix)];
    const attempt = firstAttempt();
    const stale = await first.bus.open(attempt);
    const fresh = await second.bus.open(nextAttempt(attempt));

    appendMany(stale, 1000);
    appendMany(fresh, 10);
    await Promise.all([stale.flush(), fresh.close({ status: "success" }, 60)]);

    expect(stale.fenced).toBe(true);
    const entries = await replayed(second.bus, attempt.threadId);
    expect(events(entries.filter((entry) => entry.attempt === 1))).toEqual([]);
    expect(events(entries)).toEqual(range(10));
  });
});
