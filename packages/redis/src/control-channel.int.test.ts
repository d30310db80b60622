import {
  controlChannelSuite,
  describeRedis,
  listenFor,
  newHint,
  redisPrefix,
  redisUri,
  silentLog,
} from "@graphfleet/testkit";

import { openRedis } from "./connection.js";
import { RedisControlChannel } from "./control-channel.js";

const open = (keyPrefix: string) => openRedis({ uri: redisUri(), keyPrefix, log: silentLog });

describeRedis("RedisControlChannel", () => {
  controlChannelSuite(async () => {
    const keyPrefix = redisPrefix();
    const links = [await open(keyPrefix), await open(keyPrefix)] as const;
    const receiver = new RedisControlChannel(links[1]);
    return {
      sender: new RedisControlChannel(links[0]),
      receiver,
      ready: () => receiver.whenSubscribed(),
      close: async () => {
        await Promise.all(links.map((link) => link.close()));
      },
    };
  });

  test("ignores what it does not understand", async () => {
    const link = await open(redisPrefix());
    const channel = new RedisControlChannel(link);
    const heard = listenFor(channel, 1);
    await channel.whenSubscribed();
    const hint = newHint();

    for (const noise of ["not json", "null", '{"kind":"dance"}']) {
      await link.command.publish(`${link.keyPrefix}control`, noise);
    }
    await channel.send(hint);

    expect(await heard).toEqual([hint]);
    await link.close();
  });
});
