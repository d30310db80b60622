import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type RunningRedis, startRedis } from "@graphfleet/embedded";

/** A Redis of one test file's own: to be emptied, stopped and started again. */
export interface PrivateRedis {
  /** Stays the same over restarts. */
  readonly uri: string;
  /** Stops it; what it held is gone. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it for good. */
  close(): Promise<void>;
}

/** @returns null where there is no Redis to start, only, perhaps, one to connect to. */
export async function openPrivateRedis(): Promise<PrivateRedis | null> {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-redis-"));
  const options = {
    dataDir: join(folder, "data"),
    cacheDir: process.env.TEST_REDIS_CACHE ?? join(folder, "cache"),
    ephemeral: true,
  };
  const first = await startRedis(options);
  if (first === null) {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }

  let server: RunningRedis = first;
  return {
    uri: first.uri,
    stop: () => server.stop(),
    async start() {
      const again = await startRedis({ ...options, port: first.port });
      if (again === null) throw new Error("Redis was here a moment ago");
      server = again;
    },
    async close() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
