import { join } from "node:path";

import { startContainer } from "./containers.mjs";
import { loadEmbedded } from "./embedded.mjs";

const IMAGE = "postgres:17-alpine";
/** Nothing here has to survive a power cut. */
const FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"];

/** A Postgres for tests: its URI, how to stop it, and a sentence saying where it came from. */
export async function postgresServer(folder) {
  const given = process.env.TEST_DATABASE_URI;
  if (given) return { uri: given, mode: "the server named by TEST_DATABASE_URI", stop: async () => {} };

  const container = await startContainer({
    image: IMAGE,
    port: 5432,
    environment: { POSTGRES_PASSWORD: "test", POSTGRES_DB: "graphfleet" },
    command: ["postgres", ...FAST.flatMap((setting) => ["-c", setting])],
    readyLog: /database system is ready to accept connections/,
    // The image starts it once to initialise and once to serve.
    readyTimes: 2,
  });
  if (container !== null) {
    const uri = `postgres://postgres:test@${container.address}/graphfleet`;
    return { uri, mode: `container ${IMAGE}`, stop: container.stop };
  }

  const { startPostgres } = await loadEmbedded();
  const server = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
  return {
    uri: server.uri,
    mode: "private server of packages/embedded (no Docker engine)",
    stop: server.stop,
    // Its fast shutdown.
    kill: () => process.kill(server.pid, "SIGINT"),
  };
}
