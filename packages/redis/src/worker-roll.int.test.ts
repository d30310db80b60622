import { ENROLLED_SECONDS } from "@graphfleet/domain";
import { describeRedis, redisPrefix, redisUri, silentLog } from "@graphfleet/testkit";

import { openRedis } from "./connection.js";
import { RedisWorkerRoll } from "./worker-roll.js";

describeRedis("RedisWorkerRoll", () => {
  const open = (keyPrefix = redisPrefix()) => openRedis({ uri: redisUri(), keyPrefix, log: silentLog });

  test("adds up the slots of all workers, each counted once, until they leave", async () => {
    const prefix = redisPrefix();
    const links = [await open(prefix), await open(prefix)] as const;
    const [worker, api] = [new RedisWorkerRoll(links[0]), new RedisWorkerRoll(links[1])];
    expect(await api.slots()).toBe(0);

    await worker.enrol({ owner: "worker-1:a", slots: 10 });
    await worker.enrol({ owner: "worker-1:a", slots: 10 });
    await worker.enrol({ owner: "10 worker-2:b", slots: 3 });
    expect(await api.slots()).toBe(13);

    await worker.leave("worker-1:a");
    expect(await api.slots()).toBe(3);
    await Promise.all(links.map((link) => link.close()));
  });

  test("forgets a worker that says nothing any more", async () => {
    const link = await open();
    const roll = new RedisWorkerRoll(link);
    await roll.enrol({ owner: "dead", slots: 5 });
    const [seconds] = await link.command.time();
    await link.command.zadd(`${link.keyPrefix}workers`, seconds! - ENROLLED_SECONDS - 1, "5 dead");

    expect(await roll.slots()).toBe(0);
    await roll.enrol({ owner: "alive", slots: 1 });
    expect(await link.command.zcard(`${link.keyPrefix}workers`)).toBe(1);
    await link.close();
  });

  test("knows nothing while Redis is away", async () => {
    const link = await open();
    await link.close();
    const roll = new RedisWorkerRoll(link);
    expect(await roll.slots()).toBeNull();
    await roll.leave("anybody");
    await expect(roll.enrol({ owner: "w", slots: 1 })).rejects.toThrow(/closed|ready/i);
  });
});
