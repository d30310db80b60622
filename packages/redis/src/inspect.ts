import { Cluster, type Redis } from "ioredis";
import { messageOf } from "@graphfleet/domain";
import { openClient } from "./client.js";
import type { RedisOptions } from "./connection.js";
import { redisTarget, type RedisTarget } from "./target.js";
import { whenReady } from "./when-ready.js";

/** What a server is like, for somebody who has to judge whether a fleet can use it. */
export interface RedisFacts {
  readonly product: "redis" | "valkey";
  readonly version: string;
  /** How it was reached: directly, by way of sentinels, or as a node of a cluster. */
  readonly reachedAs: RedisTarget["kind"];
  /** What it throws away when its memory is full; null when it does not tell. */
  readonly evictionPolicy: string | null;
  /** Bytes; 0 = all that there are. */
  readonly maxMemory: number;
  readonly isReplica: boolean;
  /** Whether it is a node of a cluster. */
  readonly isCluster: boolean;
  /** Servers that would take its place. */
  readonly replicas: number;
  /** Whether every write goes to a file at once or soon. */
  readonly appendOnly: boolean;
  /** When snapshots are made; null when it does not tell, empty = never. */
  readonly snapshots: string | null;
}

/**
 * Looks at the server, or at each primary of a cluster, in the way a fleet with these options reaches it, and changes
 * nothing. @throws Error with the reason when it cannot be reached
 */
export async function inspectRedis(
  { uri, cluster = false, ca }: Pick<RedisOptions, "uri" | "cluster" | "ca">,
  { timeoutMs = 5000 } = {},
): Promise<readonly RedisFacts[]> {
  const target = redisTarget(uri, cluster);
  const client = openClient({
    target,
    ca,
    options: {
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      sentinelRetryStrategy: () => null,
      connectionName: "graphfleet:doctor",
    },
  });
  // What it says first is the reason; what follows only tells that the connection is closed.
  let reason: string | null = null;
  client.on("error", (error: Error & { readonly lastNodeError?: Error }) => {
    reason ??= messageOf(error.lastNodeError ?? error);
  });
  try {
    await whenReady(client, timeoutMs);
    const servers = client instanceof Cluster ? client.nodes("master") : [client];
    return await Promise.all(servers.map((server) => factsOf(server, target.kind)));
  } catch (error) {
    throw new Error(reason ?? messageOf(error), { cause: error });
  } finally {
    client.disconnect();
  }
}

async function factsOf(redis: Redis, reachedAs: RedisTarget["kind"]): Promise<RedisFacts> {
  const info = readInfo(await redis.info());
  return {
    product: info["valkey_version"] === undefined ? "redis" : "valkey",
    version: info["valkey_version"] ?? info["redis_version"] ?? "unknown",
    reachedAs,
    evictionPolicy: info["maxmemory_policy"] ?? null,
    maxMemory: Number(info["maxmemory"] ?? 0),
    isReplica: info["role"] === "slave",
    isCluster: info["cluster_enabled"] === "1",
    replicas: Number(info["connected_slaves"] ?? 0),
    appendOnly: info["aof_enabled"] === "1",
    snapshots: await snapshotsOf(redis),
  };
}

/** Hosted servers often do not let anybody ask. */
async function snapshotsOf(redis: Redis): Promise<string | null> {
  try {
    const answer = (await redis.config("GET", "save")) as readonly string[];
    return answer[1] ?? null;
  } catch {
    return null;
  }
}

const readInfo = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value]));
