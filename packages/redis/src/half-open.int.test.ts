import {
  appendMany,
  describeRedis,
  events,
  firstAttempt,
  follow,
  Hearing,
  newRing,
  openFaultProxy,
  range,
  redisPrefix,
  redisUri,
  ringUntilTaken,
  silentLog,
  toEnd,
} from "@graphfleet/testkit";

import { openRedis, type RedisLink } from "./connection.js";
import { consumeRings } from "./ring-consumer.js";
import { RedisRunQueue } from "./run-queue.js";
import { RedisStreamBus } from "./stream-bus.js";

/** Connections that were opened with this prefix, by the ids Redis gave them. */
async function connectionIds(link: RedisLink): Promise<readonly string[]> {
  const list = String(await link.command.client("LIST")).split("\n");
  const ours = list.filter((line) => line.includes(`name=${link.keyPrefix}`));
  return ours.map((line) => /^id=(\d+)/.exec(line)?.[1] ?? "").toSorted((one, other) => one.localeCompare(other));
}

async function openFleet(healthCheckMs: number) {
  const proxy = await openFaultProxy(withPort(redisUri()));
  const timing = { commandTimeoutMs: 300, healthCheckMs };
  const link = await openRedis({ uri: proxy.uri, keyPrefix: redisPrefix(), log: silentLog, ...timing });
  const bus = new RedisStreamBus(link, { idleMs: 100, flushWaitMs: 30_000 });
  const queue = new RedisRunQueue(link);
  const heard = new Hearing();
  const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
  await queue.ring([newRing()]);
  await heard.next(1);
  return {
    proxy,
    link,
    bus,
    queue,
    heard,
    async close() {
      await consumer.close();
      await queue.close();
      bus.close();
      await link.close();
      await proxy.close();
    },
  };
}

describeRedis("half-open connections", () => {
  test("are noticed and replaced: the tape goes on without a gap, and rings are heard", async () => {
    const { proxy, bus, queue, heard, close } = await openFleet(100);
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    const tape = await bus.open(attempt);
    appendMany(tape, 10);
    await tape.flush();

    proxy.halfOpen();
    appendMany(tape, 10);
    // Nobody waits for long, and nobody waits twice.
    await tape.caughtUp();
    await tape.caughtUp();
    await tape.flush();
    await tape.close({ status: "success" }, 60);
    await ringUntilTaken(queue);

    expect(events(await reading)).toEqual(range(20));
    expect(tape.fenced).toBe(false);
    await heard.next(2);
    await close();
  });

  test("are not seen where a worker only waits for rings", async () => {
    const { link, bus, close } = await openFleet(20);
    await follow(bus, firstAttempt().threadId, async ({ kind }) => kind === "idle");
    const before = await connectionIds(link);

    // Longer than a command may take, many times over.
    let idle = 0;
    await follow(bus, firstAttempt().threadId, async ({ kind }) => kind === "idle" && ++idle === 12);

    expect(await connectionIds(link)).toEqual(before);
    expect(before.length).toBeGreaterThan(3);
    await close();
  });
});

function withPort(uri: string): string {
  const url = new URL(uri);
  url.port ||= "6379";
  return url.href;
}
