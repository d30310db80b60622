// Servers for the rings that need them, started once per run. What is in the environment already wins; then a container
// where a Docker engine answers; then the private servers of packages/embedded. Tests find them in TEST_DATABASE_URI and
// TEST_REDIS_URI. Plain JavaScript: Jest runs this before its transforms.
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cacheDir } from "./servers/embedded.mjs";
import { postgresServer } from "./servers/postgres-server.mjs";
import { redisServer } from "./servers/redis-server.mjs";

/** Read by the teardown, which runs in this process too. */
const KEY = Symbol.for("graphfleet.test-servers");

export default async function startServers() {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-test-"));
  // Root's Postgres runs as another user, who has to get in.
  chmodSync(folder, 0o711);
  const servers = [];
  const running = { servers, folder, release: killOnSignal(servers) };
  globalThis[KEY] = running;

  const postgres = await postgresServer(folder);
  servers.push(postgres);
  process.env.TEST_DATABASE_URI = postgres.uri;
  say(`Postgres: ${postgres.mode}`);

  // For tests that start a Redis of their own.
  process.env.TEST_REDIS_CACHE = cacheDir(folder);
  const redis = await redisServer(folder);
  servers.push(redis);
  if (redis.uri !== null) {
    process.env.TEST_REDIS_URI = redis.uri;
    say(`Redis: ${redis.mode}`);
    return;
  }
  say("");
  say("WARNING: NO REDIS ON THIS MACHINE. The tests of the Redis adapters are SKIPPED.");
  say(`  ${redis.mode}`);
  say("  Set TEST_REDIS_URI, start Docker, or put redis-server on PATH to run them.");
  say("");
}

/** Jest does not tear down after Ctrl-C, and our servers live in process groups of their own. */
function killOnSignal(servers) {
  const onSignal = () => {
    for (const { kill } of servers) kill?.();
    process.exit(130);
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  return () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  };
}

/** Past Jest's own output. */
function say(line) {
  process.stderr.write(`${line}\n`);
}
