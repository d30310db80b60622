import { Redis } from "ioredis";
import { GOODBYE_MS } from "./client.js";
import { reasonOf } from "./reason.js";

/** What a server is like, for somebody who has to judge whether a fleet can use it. */
export interface RedisFacts {
  readonly product: "redis" | "valkey";
  readonly version: string;
  /** What it throws away when its memory is full; null when it does not tell. */
  readonly evictionPolicy: string | null;
  /** Bytes; 0 = all that there are. */
  readonly maxMemory: number;
  readonly isReplica: boolean;
  readonly isCluster: boolean;
  /** Whether every write goes to a file at once or soon. */
  readonly appendOnly: boolean;
  /** When snapshots are made; null when it does not tell, empty = never. */
  readonly snapshots: string | null;
}

/** Looks at a server and changes nothing. @throws Error with the reason when it cannot be reached. */
export async function inspectRedis(uri: string, { timeoutMs = 5000 } = {}): Promise<RedisFacts> {
  if (!/^rediss?:\/\//.test(uri)) throw new TypeError("The Redis URI must begin with redis:// or rediss://");
  const redis = new Redis(uri, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disconnectTimeout: GOODBYE_MS,
    connectionName: "graphfleet:doctor",
  });
  // What it says first is the reason; what follows only tells that the connection is closed.
  let reason: string | null = null;
  redis.on("error", (error: Error) => {
    reason ??= reasonOf(error);
  });
  try {
    await redis.connect();
    const info = readInfo(await redis.info());
    return {
      product: info["valkey_version"] === undefined ? "redis" : "valkey",
      version: info["valkey_version"] ?? info["redis_version"] ?? "unknown",
      evictionPolicy: info["maxmemory_policy"] ?? null,
      maxMemory: Number(info["maxmemory"] ?? 0),
      isReplica: info["role"] === "slave",
      isCluster: info["cluster_enabled"] === "1",
      appendOnly: info["aof_enabled"] === "1",
      snapshots: await snapshotsOf(redis),
    };
  } catch (error) {
    throw new Error(reason ?? reasonOf(error), { cause: error });
  } finally {
    redis.disconnect();
  }
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
