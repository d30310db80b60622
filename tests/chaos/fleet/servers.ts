import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningPostgres, startPostgres } from "@graphfleet/embedded";
import { type FaultProxy, openFaultProxy, openPrivateRedis, type PrivateRedis } from "@graphfleet/testkit";

/** A Postgres and a Redis of our own, each behind a wire that can fail. The fleet only knows the wires. */
export interface Servers {
  readonly redis: PrivateRedis;
  readonly postgresWire: FaultProxy;
  readonly redisWire: FaultProxy;
  /** Past the wire, for looking at the ledger while the fleet cannot. */
  readonly directUri: string;
  restartPostgres(downMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-chaos-"));
  // Root's Postgres runs as another user, who has to get in.
  chmodSync(folder, 0o711);
  const dataDir = join(folder, "postgres");
  process.env.TEST_REDIS_CACHE ??= join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "graphfleet");

  const redis = await openPrivateRedis();
  if (redis === null) throw new Error("No Redis can be started here: put redis-server on PATH.");
  let postgres: RunningPostgres = await startPostgres({ dataDir, ephemeral: true });
  const { uri, port } = postgres;
  const postgresWire = await openFaultProxy(uri);
  const redisWire = await openFaultProxy(redis.uri);
  return {
    redis,
    postgresWire,
    redisWire,
    directUri: uri,
    async restartPostgres(downMs) {
      await postgres.stop();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      postgres = await startPostgres({ dataDir, port, ephemeral: true });
    },
    async close() {
      await Promise.all([postgresWire.close(), redisWire.close()]);
      await Promise.all([postgres.stop(), redis.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
