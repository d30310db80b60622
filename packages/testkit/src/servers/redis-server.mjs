import { join } from "node:path";

import { startContainer } from "./containers.mjs";
import { cacheDir, loadEmbedded } from "./embedded.mjs";

const IMAGE = "redis:7-alpine";

/** A Redis for tests, like `postgresServer`; without URI, and with the reason, where none can be had. */
export async function redisServer(folder) {
  const given = process.env.TEST_REDIS_URI;
  if (given) return { uri: given, mode: "the server named by TEST_REDIS_URI", stop: async () => {} };

  const container = await startContainer({
    image: IMAGE,
    port: 6379,
    command: ["redis-server", "--save", "", "--maxmemory-policy", "noeviction"],
    readyLog: /Ready to accept connections/,
  });
  if (container !== null) {
    return { uri: `redis://${container.address}`, mode: `container ${IMAGE}`, stop: container.stop };
  }

  const said = [];
  const { startRedis } = await loadEmbedded();
  const log = (line) => said.push(line);
  const server = await startRedis({ dataDir: join(folder, "redis"), cacheDir: cacheDir(folder), ephemeral: true, log });
  if (server === null) return { uri: null, mode: said.at(-1) ?? "", stop: async () => {} };
  return {
    uri: server.uri,
    mode: "private server of packages/embedded (no Docker engine)",
    stop: server.stop,
    kill: () => process.kill(server.pid, "SIGTERM"),
  };
}
