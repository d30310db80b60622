import { inspect } from "node:util";

import type { Log } from "@graphfleet/domain";
import { describeRedis, redisPrefix, redisUri, silentLog } from "@graphfleet/testkit";

import { openRedis } from "./connection.js";

describeRedis("openRedis", () => {
  test("answers a ping", async () => {
    const link = await openRedis({ uri: redisUri(), keyPrefix: redisPrefix(), log: silentLog });

    await expect(link.ping()).resolves.toBeUndefined();
    await link.close();
    await expect(link.ping()).rejects.toMatchObject({ code: "unavailable" });
  });

  test("refuses what is no Redis URI", async () => {
    await expect(openRedis({ uri: "localhost:6379", log: silentLog })).rejects.toThrow("must begin with redis://");
  });

  test("keeps the password and the data out of the log and out of errors", async () => {
    const said: unknown[] = [];
    const note = (...line: unknown[]) => void said.push(line);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const uri = new URL(redisUri());
    uri.password = "not-the-password";

    const link = await openRedis({ uri: uri.href, keyPrefix: redisPrefix(), commandTimeoutMs: 300, log });
    const error: unknown = await link.ping().catch((error_: unknown) => error_);
    await link.close();

    expect(said).not.toEqual([]);
    expect(inspect([said, error], { depth: null, showHidden: true })).not.toContain("not-the-password");
  });
});
