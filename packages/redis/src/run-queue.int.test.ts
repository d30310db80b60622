import type { RingConsumer } from "@graphfleet/domain";
import { describeRedis, Hearing, newRing, redisPrefix, redisUri, runQueueSuite, silentLog } from "@graphfleet/testkit";

import { openRedis } from "./connection.js";
import { consumeRings } from "./ring-consumer.js";
import { RedisRunQueue } from "./run-queue.js";

describeRedis("RedisRunQueue", () => {
  runQueueSuite(async () => {
    const link = await openRedis({ uri: redisUri(), keyPrefix: redisPrefix(), log: silentLog });
    const queue = new RedisRunQueue(link);
    const consumers: RingConsumer[] = [];
    return {
      queue,
      consume: (options) => {
        const consumer = consumeRings(link, options);
        consumers.push(consumer);
        return consumer;
      },
      close: async () => {
        await Promise.all(consumers.map((consumer) => consumer.close()));
        await queue.close();
        await link.close();
      },
    };
  });

  test("leaves nothing behind for rings that were heard", async () => {
    const link = await openRedis({ uri: redisUri(), keyPrefix: redisPrefix(), log: silentLog });
    const queue = new RedisRunQueue(link);
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 4, handle: heard.handle });

    await queue.ring(Array.from({ length: 20 }, () => newRing()));
    await heard.next(20);
    await consumer.close();

    const jobs = await link.command.keys(`{${link.keyPrefix}bull}:runs:run-*`);
    expect(jobs).toEqual([]);
    await queue.close();
    await link.close();
  });

  test("each bell is heard by those who listen to it, and by nobody else", async () => {
    const link = await openRedis({ uri: redisUri(), keyPrefix: redisPrefix(), log: silentLog });
    const [runs, webhooks] = [new RedisRunQueue(link), new RedisRunQueue(link, "webhooks")];
    const heard = { runs: new Hearing(), webhooks: new Hearing() };
    const consumers = [
      consumeRings(link, { concurrency: 1, handle: heard.runs.handle }),
      consumeRings(link, { bell: "webhooks", concurrency: 1, handle: heard.webhooks.handle }),
    ];
    const [forRun, forWebhook] = [newRing(), newRing()];

    await runs.ring([forRun]);
    await webhooks.ring([forWebhook]);

    expect(await heard.runs.next(1)).toEqual([forRun]);
    expect(await heard.webhooks.next(1)).toEqual([forWebhook]);
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all([runs.close(), webhooks.close()]);
    await link.close();
  });
});
