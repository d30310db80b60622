import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.mjs";
import { startServer } from "./server-process.mjs";

const CONFIG = fileURLToPath(new URL("../langgraph.json", import.meta.url));
const SERVER = fileURLToPath(new URL("official-server.mjs", import.meta.url));

/**
 * Starts the official in-memory server with the graphs of the bench.
 * @param {import("./server-process.mjs").StartOptions} options
 */
export async function startOfficial({ slots, folder, onStarted }) {
  const port = await freePort();
  /** @type {{ graphs: Record<string, string> }} */
  const { graphs } = JSON.parse(readFileSync(CONFIG, "utf8"));
  const absolute = Object.entries(graphs).map(([id, spec]) => [id, join(CONFIG, "..", spec)]);
  const server = { port, host: "127.0.0.1", nWorkers: slots, cwd: folder, graphs: Object.fromEntries(absolute) };

  return startServer({
    name: "official",
    port,
    folder,
    onStarted,
    args: [SERVER, JSON.stringify(server)],
    // Its default is coloured debug output, which costs more than the runs.
    env: { NODE_ENV: "production", LOG_JSON: "true", LOG_LEVEL: "info" },
    readySeconds: 60,
  });
}
