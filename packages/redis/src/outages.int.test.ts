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
  range,
  redisPrefix,
  replayed,
  ringUntilTaken,
  toEnd,
} from "@graphfleet/testkit";
import { back, Outages } from "../test/outages.js";
import type { RedisLink } from "./connection.js";
import { RedisControlChannel } from "./control-channel.js";
import { consumeRings } from "./ring-consumer.js";

/* What happens when Redis is emptied or drops connections. */

const outages = await Outages.open();

/** Cuts all connections that were opened with this prefix, like a failing network. */
async function cutConnections(admin: RedisLink, keyPrefix: string): Promise<void> {
  const list = String(await admin.command.client("LIST"));
  const ids = list
    .split("\n")
    .filter((line) => line.includes(`name=${keyPrefix}`))
    .map((line) => /^id=(\d+)/.exec(line)?.[1] ?? "");
  await Promise.all(ids.map((id) => admin.command.client("KILL", "ID", id).catch(() => undefined)));
}

outages.describe("when Redis is emptied", () => {
  test("a run that has said nothing counts from 0, unless it may have spoken before", async () => {
    const link = await outages.openLink();
    const bus = outages.openBus(link);
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
    const link = await outages.openLink();
    const bus = outages.openBus(link, { idleMs: 20 });
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
    const link = await outages.openLink();
    const queue = outages.openQueue(link);
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

outages.describe("when connections are cut", () => {
  test("nothing is lost, doubled or out of order on the tape", async () => {
    const keyPrefix = redisPrefix();
    const [writer, reader, admin] = [
      await outages.openLink(keyPrefix),
      await outages.openLink(keyPrefix),
      await outages.openLink(),
    ];
    const bus = outages.openBus(writer);
    const attempt = firstAttempt();
    const reading = toEnd(outages.openBus(reader), attempt.threadId);
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
    const link = await outages.openLink();
    const admin = await outages.openLink();
    const bus = outages.openBus(link, { idleMs: 3_600_000 });
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
    const link = await outages.openLink();
    const admin = await outages.openLink();
    const queue = outages.openQueue(link);
    const channel = new RedisControlChannel(link);
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    const hints = listenFor(channel, 1);
    await channel.whenSubscribed();
    await queue.ring([newRing()]);
    await heard.next(1);

    const renewed = new Promise<void>((resolve) => {
      outages.closeLater(link.subscriptions.onRenewed(() => resolve()));
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
  });
});
