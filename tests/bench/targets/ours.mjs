import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.mjs";
import { startServer } from "./server-process.mjs";

const CLI = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("../langgraph.json", import.meta.url));
const WORKERS = 2;

/**
 * Starts our whole fleet with the graphs of the bench and an empty data folder.
 * @param {import("./server-process.mjs").StartOptions & { env?: Record<string, string> }} options `env` is added
 * @throws {Error} when it has not been built
 */
export async function startOurs({ slots, folder, onStarted, env = {} }) {
  if (!existsSync(CLI))
    throw new Error("Our server has not been built. Run `pnpm build` first, or use `npm run bench`");
  const port = await freePort();

  return startServer({
    name: "ours",
    port,
    folder,
    onStarted,
    args: [CLI, "start", "--config", CONFIG],
    env: {
      NODE_ENV: "production",
      LOG_JSON: "true",
      LOG_LEVEL: "info",
      PORT: String(port),
      HOST: "127.0.0.1",
      GRAPHFLEET_DATA_DIR: join(folder, "data"),
      WORKERS: String(WORKERS),
      N_JOBS_PER_WORKER: String(Math.ceil(slots / WORKERS)),
      ...env,
    },
    // The first start may have to fetch a Redis.
    readySeconds: 120,
  });
}
