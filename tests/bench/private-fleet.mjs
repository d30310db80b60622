import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../../packages/embedded/dist/index.js";
import { openPool } from "../../packages/postgres/dist/index.js";
import { freePort } from "./targets/free-port.mjs";
import { startServer } from "./targets/server-process.mjs";

const CLI = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));
const graphOf = (name) => `${fileURLToPath(new URL(`graphs/${name}.mjs`, import.meta.url))}:graph`;

/**
 * A fleet with a private Postgres that a bench can look into and change, on a langgraph.json of its own.
 *
 * @param {{ graphs: readonly string[], [key: string]: unknown }} project langgraph.json, where `graphs` are names of files
 *   in `graphs/`
 * @param {(fleet: { pool: import("pg").Pool, call: (method: string, path: string, body?: unknown) => Promise<any> }) =>
 *   Promise<void>} use
 */
export async function withPrivateFleet({ graphs, ...project }, use) {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-bench-"));
  const stops = [];
  try {
    const postgres = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
    stops.push(() => postgres.stop());
    const pool = poolOf(postgres.uri);
    stops.push(() => pool.end());

    mkdirSync(join(folder, "project"));
    const config = join(folder, "project", "langgraph.json");
    const paths = Object.fromEntries(graphs.map((name) => [name, graphOf(name)]));
    writeFileSync(config, JSON.stringify({ ...project, graphs: paths }));
    const port = await freePort();
    const { baseUrl } = await startServer({
      name: "ours",
      port,
      folder: join(folder, "ours"),
      onStarted: (stop) => stops.push(stop),
      args: [CLI, "start", "--config", config],
      env: {
        NODE_ENV: "production",
        LOG_JSON: "true",
        PORT: String(port),
        HOST: "127.0.0.1",
        DATABASE_URI: postgres.uri,
        GRAPHFLEET_DATA_DIR: join(folder, "data"),
        WORKERS: "1",
      },
      readySeconds: 120,
    });
    await use({ pool, call: (method, path, body) => call(`${baseUrl}${path}`, method, body) });
  } finally {
    for (const stop of stops.toReversed()) await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const poolOf = (uri) =>
  openPool({
    uri,
    max: 2,
    applicationName: "bench",
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 60_000,
    idleInTransactionMs: 60_000,
    connectionTimeoutMs: 10_000,
    onError: () => undefined,
  });

async function call(url, method, body) {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}
