import type { RingConsumer } from "@graphfleet/domain";
import { Hearing, newRing, runQueueSuite, silentLog } from "@graphfleet/testkit";

import { MemoryRunQueue } from "./run-queue.js";

describe("MemoryRunQueue", () => {
  runQueueSuite(async () => {
    const queue = new MemoryRunQueue(silentLog);
    const consumers: RingConsumer[] = [];
    return {
      queue,
      consume: (options) => {
        const consumer = queue.consume(options);
        consumers.push(consumer);
        return consumer;
      },
      close: async () => {
        queue.close();
        await Promise.all(consumers.map((consumer) => consumer.close()));
      },
    };
  });

  test("sleeps longer than a timer can", async () => {
    const queue = new MemoryRunQueue(silentLog);
    const heard = new Hearing();
    queue.consume({ concurrency: 1, handle: heard.handle });
    const soon = newRing();

    await queue.ring([{ ...newRing(), delayMs: 2 ** 32 }, soon]);

    expect(await heard.next(1)).toEqual([soon]);
    queue.close();
    expect(heard.all).toHaveLength(1);
  });
});
