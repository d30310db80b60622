import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  appendMany,
  events,
  findRedis,
  firstAttempt,
  freePort,
  Hearing,
  newRing,
  range,
  redisPrefix,
  silentLog,
  toEnd,
} from "@graphfleet/testkit";
import { Redis } from "ioredis";

import { openRedis, type RedisOptions } from "./connection.js";
import { consumeRings } from "./ring-consumer.js";
import { RedisRunQueue } from "./run-queue.js";
import { RedisStreamBus } from "./stream-bus.js";

const folder = mkdtempSync(join(tmpdir(), "graphfleet-topologies-"));
const program = await findRedis({ cacheDir: process.env.TEST_REDIS_CACHE ?? folder });
const describeServers = program === null ? (describe.skip as typeof describe) : describe;
if (program === null)
  process.stderr.write("SKIPPED: Redis Cluster, Sentinel and TLS, because there is no redis-server\n");

const running: ChildProcess[] = [];
afterAll(async () => {
  for (const server of running) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: string, lines: readonly string[], ...flags: readonly string[]): Promise<ChildProcess> {
  if (program === null) throw new Error("no redis-server");
  const config = join(folder, `${name}.conf`);
  writeFileSync(
    config,
    ["bind 127.0.0.1", `dir ${mkdtempSync(join(folder, "data-"))}`, 'save ""', ...lines].join("\n"),
  );
  const server = spawn(program.command, [...program.args, config, ...flags], {
    env: { ...program.env },
    stdio: "ignore",
  });
  running.push(server);
  await once(server, "spawn");
  return server;
}

/** Asks until the answer will do; a server that is just starting refuses. */
async function ask(
  port: number,
  command: string,
  args: readonly (string | number)[],
  will: (answer: string) => boolean,
) {
  for (;;) {
    const redis = new Redis({ port, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => null });
    redis.on("error", () => undefined);
    try {
      await redis.connect();
      const answer = String(await redis.call(command, ...args));
      if (will(answer)) return;
    } catch {
      // Not yet.
    } finally {
      redis.disconnect();
    }
    await sleep(50);
  }
}
const any = (): boolean => true;

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
  test("carries rings, tapes and wake-ups", async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const buses = [await freePort(), await freePort(), await freePort()];
    for (const [i, port] of ports.entries()) {
      const lines = [`port ${port}`, "cluster-enabled yes", `cluster-port ${buses[i]}`, "appendonly no"];
      await start(`cluster-${i}`, lines);
      await ask(
        port,
        "CLUSTER",
        ["ADDSLOTSRANGE", Math.floor((i * 16_384) / 3), Math.floor(((i + 1) * 16_384) / 3) - 1],
        any,
      );
    }
    for (const [i, port] of ports.entries())
      if (i > 0) await ask(ports[0] ?? 0, "CLUSTER", ["MEET", "127.0.0.1", port, buses[i] ?? 0], any);
    for (const port of ports) await ask(port, "CLUSTER", ["INFO"], (info) => info.includes("cluster_state:ok"));

    expect(
      await tellAndRead({ uri: `redis://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`, cluster: true }),
    ).toEqual(WHOLE);
  });
});

describeServers("Redis Sentinel", () => {
  test("leads to the primary, and after a failover to the next one", async () => {
    const [first, second] = [await freePort(), await freePort()];
    const primary = await start("primary", [`port ${first}`]);
    await ask(first, "PING", [], any);
    await start("replica", [`port ${second}`, `replicaof 127.0.0.1 ${first}`]);
    await ask(second, "INFO", ["replication"], (info) => info.includes("master_link_status:up"));
    const sentinels = [await freePort(), await freePort(), await freePort()];
    for (const [i, port] of sentinels.entries()) {
      const watch = [`sentinel monitor main 127.0.0.1 ${first} 2`, "sentinel down-after-milliseconds main 500"];
      await start(`sentinel-${i}`, [`port ${port}`, ...watch, "sentinel failover-timeout main 2000"], "--sentinel");
    }
    for (const port of sentinels) {
      const known = (info: string) => info.includes("slaves=1,sentinels=3");
      await ask(port, "INFO", ["sentinel"], known);
    }
    const uri = `redis+sentinel://${sentinels.map((port) => `127.0.0.1:${port}`).join(",")}/main`;
    expect(await tellAndRead({ uri })).toEqual(WHOLE);

    primary.kill("SIGKILL");
    await ask(second, "INFO", ["replication"], (info) => info.includes("role:master"));
    for (const port of sentinels)
      await ask(port, "SENTINEL", ["get-master-addr-by-name", "main"], (answer) => answer.includes(String(second)));
    expect(await tellAndRead({ uri })).toEqual(WHOLE);
  });
});

const openssl = hasOpenssl();
if (!openssl) process.stderr.write("SKIPPED: TLS to Redis, because there is no openssl to make a certificate with\n");
(openssl ? describeServers : (describe.skip as typeof describe))("TLS", () => {
  test("is checked against the authority that is named", async () => {
    const [key, cert] = [join(folder, "redis.key"), join(folder, "redis.crt")];
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1";
    execFileSync("openssl", [...request.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    const port = await freePort();
    const plain = await freePort();
    const tls = [`tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`];
    await start("tls", [`port ${plain}`, ...tls, "tls-auth-clients no"]);
    await ask(plain, "PING", [], any);

    const uri = `rediss://127.0.0.1:${port}`;
    expect(await tellAndRead({ uri, ca: readFileSync(cert, "utf8") })).toEqual(WHOLE);

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
