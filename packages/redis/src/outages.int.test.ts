import { END, type TapeSignal } from "@graphfleet/domain";
import {
  appendMany,
  events,
  firstAttempt,
  follow,
  Hearing,
  listenFor,
  newHint,
  newRing,
  nextAttempt,
  openPrivateRedis,
  range,
  redisPrefix,
  replayed,
  silentLog,
  toEnd,
} from "@graphfleet/testkit";

import { openRedis, type RedisLink } from "./connection.js";
import { RedisControlChannel } from "./control-channel.js";
import { consumeRings } from "./ring-consumer.js";
import { RedisRunQueue } from "./run-queue.js";
import { RedisStreamBus, type StreamBusOptions } from "./stream-bus.js";

/*
 * What happens when Redis is emptied, drops connections, goes away and comes back. These tests have a server of their own;
 * where none can be started they are skipped aloud.
 */

const server = await openPrivateRedis();
if (server === null) process.stderr.write("SKIPPED: the tests of Redis outages. There is no Redis to start here.\n");
const describeOutages = server === null ? describe.skip : describe;

const COMMAND_TIMEOUT_MS = 1000;
const closers: (() => unknown)[] = [];

async function openLink(keyPrefix = redisPrefix()): Promise<RedisLink> {
  const uri = server?.uri ?? "";
  const link = await openRedis({ uri, keyPrefix, commandTimeoutMs: COMMAND_TIMEOUT_MS, log: silentLog });
  closers.unshift(() => link.close());
  return link;
}

function openBus(link: RedisLink, options: StreamBusOptions = {}): RedisStreamBus {
  const bus = new RedisStreamBus(link, { idleMs: 200, flushWaitMs: 10_000, ...options });
  closers.unshift(() => bus.close());
  return bus;
}

/** Resolves when the connection works again. */
async function back(link: RedisLink): Promise<void> {
  if (!link.ready) await new Promise<void>((resolve) => void link.command.once("ready", () => resolve()));
}

/** Resolves when the client has noticed that the server is gone. */
async function gone(link: RedisLink): Promise<void> {
  if (link.ready) await new Promise<void>((resolve) => void link.command.once("close", () => resolve()));
}

/** Cuts all connections that were opened with this prefix, like a failing network. */
async function cutConnections(admin: RedisLink, keyPrefix: string): Promise<void> {
  const list = String(await admin.command.client("LIST"));
  const ids = list
    .split("\n")
    .filter((line) => line.includes(`name=${keyPrefix}`))
    .map((line) => /^id=(\d+)/.exec(line)?.[1] ?? "");
  await Promise.all(ids.map((id) => admin.command.client("KILL", "ID", id).catch(() => undefined)));
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

afterAll(() => server?.close());

describeOutages("when Redis is emptied", () => {
  test("a run that has said nothing counts from 0, unless it may have spoken before", async () => {
    const link = await openLink();
    const bus = openBus(link);
    // Created when Redis had been watched for a while; its first worker died before it had opened the tape.
    const silent = { ...nextAttempt(firstAttempt()), createdAt: Date.now() + 60_000 };
    const first = await bus.open(silent);
    const begins = first.lastEvent;
    await first.release();

    await link.command.flushall();
    const old = await bus.open({ ...nextAttempt(firstAttempt()), createdAt: Date.now() });

    expect(begins).toBe(-1);
    expect(old.lastEvent).toBeGreaterThan(1_000_000);
  });

  test("a reader goes on, hears that time passes, and sees what is written later", async () => {
    const link = await openLink();
    const bus = openBus(link, { idleMs: 20 });
    const attempt = firstAttempt();
    const tape = await bus.open(attempt);
    appendMany(tape, 3);
    await tape.flush();
    const seen: number[] = [];
    const flushed = new Promise<void>((resolve) => {
      let idle = 0;
      void follow(bus, attempt.threadId, async (signal) => {
        if (signal.kind === "entry") seen.push(signal.entry.n);
        if (signal.kind !== "idle" || ++idle < 2) return false;
        resolve();
        return true;
      });
    });
    const reading = toEnd(bus, attempt.threadId);
    await flushed;

    await link.command.flushall();
    await follow(bus, attempt.threadId, async ({ kind }) => kind === "idle");
    appendMany(tape, 2);
    await tape.close({ status: "success" }, 60);

    expect(seen).toEqual([-1, 0, 1, 2]);
    expect(events(await reading)).toEqual(range(5));
    expect(events(await replayed(bus, attempt.threadId))).toEqual([3, 4]);
  });

  test("a consumer goes on, also one that was handling a ring", async () => {
    const link = await openLink();
    const queue = new RedisRunQueue(link);
    closers.unshift(() => queue.close());
    const heard = new Hearing();
    const [held, later] = [newRing(), newRing()];
    let letGo = (): void => undefined;
    const consumer = consumeRings(link, {
      concurrency: 2,
      handle: async (ring) => {
        const released = ring.runId === held.runId ? new Promise<void>((resolve) => (letGo = resolve)) : undefined;
        await heard.handle(ring);
        await released;
      },
    });
    await queue.ring([held]);
    await heard.next(1);

    await link.command.flushall();
    letGo();
    await queue.ring([later]);

    expect(await heard.next(2)).toEqual([held, later]);
    await consumer.close();
  });
});

describeOutages("when connections are cut", () => {
  test("nothing is lost, doubled or out of order on the tape", async () => {
    const keyPrefix = redisPrefix();
    const [writer, reader, admin] = [await openLink(keyPrefix), await openLink(keyPrefix), await openLink()];
    const bus = openBus(writer);
    const attempt = firstAttempt();
    const reading = toEnd(openBus(reader), attempt.threadId);
    const tape = await bus.open(attempt);

    for (let round = 0; round < 10; round++) {
      appendMany(tape, 100);
      // With the batch on its way: whether it arrived is not known.
      await new Promise((resolve) => setImmediate(resolve));
      await cutConnections(admin, keyPrefix);
      appendMany(tape, 100);
      await tape.flush();
    }
    await tape.close({ status: "success" }, 60);

    expect(events(await reading)).toEqual(range(2000));
    expect(tape.fenced).toBe(false);
    expect(events(await replayed(bus, attempt.threadId))).toEqual(range(2000));
  });

  test("readers are poked, for what they may have missed", async () => {
    const link = await openLink();
    const admin = await openLink();
    const bus = openBus(link, { idleMs: 3_600_000 });
    const attempt = firstAttempt();
    const tape = await bus.open(attempt);
    await tape.flush();

    await follow(bus, attempt.threadId, async ({ kind }) => {
      if (kind === "entry") await cutConnections(admin, link.keyPrefix);
      return kind === "poke";
    });

    expect(bus.watching()).toBe(0);
  });

  test("rings and hints go on", async () => {
    const link = await openLink();
    const admin = await openLink();
    const queue = new RedisRunQueue(link);
    const channel = new RedisControlChannel(link);
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    const hints = listenFor(channel, 1);
    await channel.whenSubscribed();
    await queue.ring([newRing()]);
    await heard.next(1);

    const renewed = new Promise<void>((resolve) => {
      closers.unshift(link.subscriptions.onRenewed(() => resolve()));
    });
    await cutConnections(admin, link.keyPrefix);
    await renewed;
    await back(link);
    await ringUntilTaken(queue);
    const hint = newHint();
    await channel.send(hint);

    await heard.next(2);
    expect(await hints).toEqual([hint]);
    await consumer.close();
    await queue.close();
  });
});

describeOutages("when Redis restarts", () => {
  test("a reader and a writer go on, and what was said meanwhile arrives", async () => {
    const link = await openLink();
    const bus = openBus(link);
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    const tape = await bus.open(attempt);
    appendMany(tape, 10);
    await tape.flush();
    await follow(bus, attempt.threadId, async ({ kind }) => kind === "idle");

    await server?.stop();
    await gone(link);
    appendMany(tape, 10);
    await server?.start();
    appendMany(tape, 10);
    await tape.close({ status: "success" }, 60);

    const entries = await reading;
    expect(events(entries)).toEqual(range(30));
    expect(entries.at(-1)).toMatchObject({ event: END });
  });

  test("while it is away a reader is told to ask the ledger, and the past is empty", async () => {
    const link = await openLink();
    const bus = openBus(link, { idleMs: 20 });
    const attempt = firstAttempt();
    await server?.stop();
    await gone(link);

    const kinds: TapeSignal["kind"][] = [];
    await follow(bus, attempt.threadId, async ({ kind }) => kinds.push(kind) === 3);

    expect(kinds).toEqual(["idle", "idle", "idle"]);
    expect(await replayed(bus, attempt.threadId)).toEqual([]);
    await expect(bus.poke(attempt.threadId)).resolves.toBeUndefined();
    await expect(bus.remove(attempt.threadId)).resolves.toBeUndefined();
    await expect(link.ping()).rejects.toMatchObject({ code: "unavailable" });
    await server?.start();
    await back(link);
    await expect(link.ping()).resolves.toBeUndefined();
  });

  test("a writer keeps what fits its spool, drops the rest and shows the gap", async () => {
    const dropped: number[] = [];
    const link = await openLink();
    const bus = openBus(link, { spoolBytes: 1000, onDropped: (count) => dropped.push(count) });
    const attempt = firstAttempt();
    const tape = await bus.open(attempt);
    appendMany(tape, 1);
    await tape.flush();

    await server?.stop();
    await gone(link);
    tape.append({ event: "values", data: '"first"' });
    // The first failure tells the writer that Redis is away.
    await follow(bus, attempt.threadId, async ({ kind }) => kind === "idle");
    appendMany(tape, 50, "x".repeat(100));
    const lost = dropped.length;
    await server?.start();
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
    const link = await openLink();
    const bus = openBus(link);
    await server?.stop();
    await gone(link);
    const attempt = { ...nextAttempt(firstAttempt()), lastEvent: 7 };

    const tape = await bus.open(attempt);
    appendMany(tape, 2);
    await server?.start();
    await tape.close({ status: "success" }, 60);

    // What an earlier attempt said is not known, so it takes numbers of its own.
    const { lastEvent } = tape;
    expect(lastEvent).toBeGreaterThan(1_000_000);
    expect(events(await toEnd(bus, attempt.threadId))).toEqual([lastEvent - 1, lastEvent]);
  });

  test("a writer does not wait for ever, and gives up in the end", async () => {
    const link = await openLink();
    let bus: RedisStreamBus | undefined;
    const dropped = new Promise<number>((resolve) => {
      bus = openBus(link, { flushWaitMs: 50, lingerMs: 50, onDropped: resolve });
    });
    const tape = await bus!.open(firstAttempt());
    await server?.stop();
    await gone(link);

    appendMany(tape, 2);
    await tape.caughtUp();
    await tape.close({ status: "success" }, 60);

    expect(await dropped).toBe(3);
    expect(tape.fenced).toBe(false);
    await server?.start();
  });

  test("rings are refused while it is away, and heard when it is back", async () => {
    const link = await openLink();
    const queue = new RedisRunQueue(link);
    closers.unshift(() => queue.close());
    const heard = new Hearing();
    const [before, after] = [newRing(), newRing()];
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    await queue.ring([before]);
    await heard.next(1);

    await server?.stop();
    await gone(link);
    await expect(queue.ring([newRing()])).rejects.toMatchObject({ code: "unavailable" });
    await server?.start();
    await back(link);
    await ringUntilTaken(queue, after);

    expect((await heard.next(2)).at(1)).toEqual(after);
    await consumer.close();
  });

  test("a process that starts without it works once it is there", async () => {
    await server?.stop();
    const link = await openLink();
    const bus = openBus(link);
    const queue = new RedisRunQueue(link);
    closers.unshift(() => queue.close());
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    await expect(queue.ring([newRing()])).rejects.toMatchObject({ code: "unavailable" });

    await server?.start();
    await back(link);
    const tape = await bus.open(attempt);
    await tape.close({ status: "success" }, 60);
    await ringUntilTaken(queue);

    await heard.next(1);
    expect((await reading).at(-1)).toMatchObject({ event: END });
    await consumer.close();
  });

  test("a consumer closes without it", async () => {
    const link = await openLink();
    const queue = new RedisRunQueue(link);
    closers.unshift(() => queue.close());
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

    await server?.stop();
    await gone(link);
    const closing = consumer.close();
    letGo();
    await closing;

    expect(handled).toBe(true);
    await server?.start();
  });
});

/** Each connection finds its own way back: rings until the bell's has. */
async function ringUntilTaken(queue: RedisRunQueue, ring = newRing()): Promise<void> {
  for (;;) {
    try {
      await queue.ring([ring]);
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
