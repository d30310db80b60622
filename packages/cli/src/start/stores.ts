import { EmbeddedError, startPostgres, startRedis } from "@graphfleet/embedded";
import { hidePasswords } from "@graphfleet/chassis";
import { join } from "node:path";
import { Problem } from "../problem.js";
import type { StartOptions } from "./start-options.js";

/** A server that the fleet uses: ours, or the user's. */
export interface Store {
  readonly uri: string;
  /** For people: where it is, without its password. */
  readonly described: string;
  stop(): Promise<void>;
}

/** The user's Postgres, or a private one. @throws Problem when the private one cannot start. */
export async function openPostgresStore(options: StartOptions, log: (line: string) => void): Promise<Store> {
  if (options.databaseUri !== null) return theirs(options.databaseUri, "DATABASE_URI");
  const server = await inWords("the private Postgres", () =>
    startPostgres({ dataDir: join(options.dataDir, "postgres"), log }),
  );
  return { uri: server.uri, described: `private, data in ${server.dataDir}`, stop: () => server.stop() };
}

/** The user's Redis, or a private one; null where none can be had. */
export async function openRedisStore(options: StartOptions, log: (line: string) => void): Promise<Store | null> {
  if (options.oneProcess) return null;
  if (options.redisUri !== null) return theirs(options.redisUri, "REDIS_URI");
  const { cacheDir } = options;
  const server = await inWords("the private Redis", () =>
    startRedis({ dataDir: join(options.dataDir, "redis"), cacheDir, log }),
  );
  if (server === null) return null;
  return { uri: server.uri, described: `private, port ${server.port}`, stop: () => server.stop() };
}

const theirs = (uri: string, name: string): Store => ({
  uri,
  described: `${name} = ${hidePasswords(uri)}`,
  stop: () => Promise.resolve(),
});

async function inWords<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EmbeddedError)
      throw new Problem(`${what} could not start: ${error.message}`, { cause: error });
    throw error;
  }
}
