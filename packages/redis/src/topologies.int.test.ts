import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { RingConsumer } from "@graphfleet/domain";
import {
  appendMany,
  events,
  firstAttempt,
  freePort,
  Hearing,
  newRing,
  range,
  redisPrefix,
  RedisServers,
  ringUntilTaken,
  runQueueSuite,
  silentLog,
  toEnd,
} from "@graphfleet/testkit";

import { openRedis, type RedisOptions } from "./connection.js";
import { inspectRedis } from "./inspect.js";
import { consumeRings } from "./ring-consumer.js";
import { RedisRunQueue } from "./run-queue.js";
import { RedisStreamBus } from "./stream-bus.js";

const servers = await RedisServers.open("Redis Cluster, Sentinel and TLS");
const describeServers = servers === null ? (describe.skip as typeof describe) : describe;
afterAll(() => servers?.close());

function started(): RedisServers {
  if (servers === null) throw new Error("no redis-server");
  return servers;
}

/** The replica has all that its primary has. */
const isCopied = (info: string): boolean =>
  /slave0:.*offset=(\d+)/.exec(info)?.[1] === /master_repl_offset:(\d+)/.exec(info)?.[1];
const isPong = (answer: string): boolean => answer.startsWith("+PONG");

/** Three tapes of ten events, as they were written. */
const WHOLE = [range(10), range(10), range(10)];

/** Rings and hears, writes tapes, and reads them as someone who was there before. @returns the numbers that were read. */
async function tellAndRead(options: Pick<RedisOptions, "uri" | "cluster" | "ca">) {
  const link = await openRedis({ ...options, keyPrefix: redisPrefix(), log: silentLog });
  const bus = new RedisStreamBus(link, { idleMs: 60_000 });
  const queue = new RedisRunQueue(link);
  const heard = new Hearing();
  const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
  try {
    await queue.ring([newRing()]);
    await heard.next(1);

    const attempts = [firstAttempt(), firstAttempt(), firstAttempt()];
    const reading = attempts.map(({ threadId }) => toEnd(bus, threadId));
    for (const attempt of attempts) {
      const tape = await bus.open(attempt);
      appendMany(tape, 10);
      await tape.close({ status: "success" }, 60);
    }
    return (await Promise.all(reading)).map((read) => events(read));
  } finally {
    await consumer.close();
    await queue.close();
    bus.close();
    await link.close();
  }
}

describeServers("a Redis Cluster", () => {
  let cluster: Pick<RedisOptions, "uri" | "cluster">;
  beforeAll(async () => {
    cluster = { uri: await started().startCluster(), cluster: true };
  });

  test("is looked at node by node; as one server it is none", async () => {
    const node = expect.objectContaining({ reachedAs: "cluster", isCluster: true, isReplica: false, replicas: 0 });
    expect(await inspectRedis(cluster)).toEqual([node, node, node]);
    const [first = ""] = cluster.uri.split(",");
    expect(await inspectRedis({ uri: first })).toEqual([
      expect.objectContaining({ reachedAs: "standalone", isCluster: true }),
    ]);
  });

  test("carries rings, tapes and wake-ups", async () => {
    expect(await tellAndRead(cluster)).toEqual(WHOLE);
  });

  describe.each(["runs", "webhooks"] as const)("the %s bell", (bell) => {
    runQueueSuite(async () => {
      const link = await openRedis({ ...cluster, keyPrefix: redisPrefix(), log: silentLog });
      const queue = new RedisRunQueue(link, bell);
      const consumers: RingConsumer[] = [];
      return {
        queue,
        consume: (options) => {
          const consumer = consumeRings(link, { ...options, bell });
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
  });
});

describeServers("Redis Sentinel", () => {
  test("leads to the primary, and after a failover to the next one, also who is connected", async () => {
    const redis = started();
    const [first, second] = [await freePort(), await freePort()];
    const primary = await redis.start("primary", [`port ${first}`]);
    await redis.ask(first, "PING", isPong);
    await redis.start("replica", [`port ${second}`, `replicaof 127.0.0.1 ${first}`]);
    await redis.ask(second, "INFO replication", (info) => info.includes("master_link_status:up"));
    const sentinels = [await freePort(), await freePort(), await freePort()];
    for (const port of sentinels) {
      const watch = [`sentinel monitor main 127.0.0.1 ${first} 2`, "sentinel down-after-milliseconds main 500"];
      const lines = [`port ${port}`, ...watch, "sentinel failover-timeout main 2000"];
      await redis.start(`sentinel-${port}`, lines, "--sentinel");
    }
    for (const port of sentinels)
      await redis.ask(port, "INFO sentinel", (info) => info.includes("slaves=1,sentinels=3"));
    const uri = `redis+sentinel://${sentinels.map((port) => `127.0.0.1:${port}`).join(",")}/main`;
    expect(await tellAndRead({ uri })).toEqual(WHOLE);
    expect(await inspectRedis({ uri })).toMatchObject([{ reachedAs: "sentinel", isReplica: false, replicas: 1 }]);
    await expect(inspectRedis({ uri: uri.replace("/main", "/other") })).rejects.toThrow(/sentinels/i);
    const link = await openRedis({ uri, keyPrefix: redisPrefix(), log: silentLog });
    const bus = new RedisStreamBus(link, { idleMs: 60_000, flushWaitMs: 60_000 });
    const queue = new RedisRunQueue(link);
    const heard = new Hearing();
    const consumer = consumeRings(link, { concurrency: 1, handle: heard.handle });
    await queue.ring([newRing()]);
    await heard.next(1);
    const attempt = firstAttempt();
    const reading = toEnd(bus, attempt.threadId);
    const tape = await bus.open(attempt);
    appendMany(tape, 10);
    await tape.flush();
    // What was not copied yet would be lost with its primary.
    await redis.ask(first, "INFO replication", isCopied);

    primary.kill("SIGKILL");
    await redis.ask(second, "INFO replication", (info) => info.includes("role:master"));
    for (const port of sentinels)
      await redis.ask(port, "SENTINEL get-master-addr-by-name main", (answer) => answer.includes(String(second)));
    expect(await tellAndRead({ uri })).toEqual(WHOLE);

    appendMany(tape, 10);
    await tape.flush();
    await tape.close({ status: "success" }, 60);
    expect(events(await reading)).toEqual(range(20));
    await ringUntilTaken(queue);
    await heard.next(2);
    await consumer.close();
    await queue.close();
    bus.close();
    await link.close();
  });
});

const openssl = hasOpenssl();
if (!openssl) process.stderr.write("SKIPPED: TLS to Redis, because there is no openssl to make a certificate with\n");
(openssl ? describeServers : (describe.skip as typeof describe))("TLS", () => {
  test("is checked against the authority that is named", async () => {
    const redis = started();
    const [key, cert] = [join(redis.folder, "redis.key"), join(redis.folder, "redis.crt")];
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1";
    execFileSync("openssl", [...request.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    const port = await freePort();
    const plain = await freePort();
    const tls = [`tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`];
    await redis.start("tls", [`port ${plain}`, ...tls, "tls-auth-clients no"]);
    await redis.ask(plain, "PING", isPong);

    const uri = `rediss://127.0.0.1:${port}`;
    expect(await tellAndRead({ uri, ca: readFileSync(cert, "utf8") })).toEqual(WHOLE);

    expect(await inspectRedis({ uri, ca: readFileSync(cert, "utf8") })).toMatchObject([{ reachedAs: "standalone" }]);
    await expect(inspectRedis({ uri })).rejects.toThrow(/certificate/);
    const untrusting = await openRedis({ uri, commandTimeoutMs: 300, log: silentLog });
    await expect(untrusting.ping()).rejects.toMatchObject({ code: "unavailable" });
    await untrusting.close();
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
