import { execFile } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { BARE_ENV } from "./commands.js";
import { EmbeddedError } from "./embedded-error.js";
import type { ServerFolder } from "./server-folder.js";

/** Major version of the bundled binaries; data of another one cannot be opened by them. */
const MAJOR = "17";

export const POSTGRES_USER = "graphfleet";

/**
 * Makes the database files unless they exist; returns their folder.
 *
 * They are made beside their place and renamed when complete, so a kill in the middle leaves nothing half made.
 */
export async function ensureCluster(folder: ServerFolder, native: string, ephemeral: boolean): Promise<string> {
  const clusterDir = folder.file("data");
  if (existsSync(clusterDir)) {
    const found = readFileSync(join(clusterDir, "PG_VERSION"), "utf8").trim();
    if (found === MAJOR) return clusterDir;
    throw new EmbeddedError(
      `The data in ${clusterDir} is of Postgres ${found} and the bundled one is ${MAJOR}: move that folder away, or set DATABASE_URI to a Postgres ${found}.`,
    );
  }

  const half = folder.file("data.new");
  rmSync(half, { recursive: true, force: true });
  folder.password();
  await initdb(folder, native, half, ephemeral);
  renameSync(half, clusterDir);
  return clusterDir;
}

/** Encoding and locale are named because a machine without LANG would get an SQL_ASCII cluster. */
function initdb(folder: ServerFolder, native: string, clusterDir: string, ephemeral: boolean): Promise<void> {
  const args = [
    `--pgdata=${clusterDir}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${folder.file("password")}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    ...(ephemeral ? ["--no-sync"] : []),
  ];
  return new Promise((resolve, reject) => {
    const options = { ...folder.account, cwd: folder.path, env: BARE_ENV };
    execFile(join(native, "bin", "initdb"), args, options, (error, stdout, stderr) => {
      if (error === null) return resolve();
      rmSync(clusterDir, { recursive: true, force: true });
      reject(
        new EmbeddedError(
          `Postgres could not create its files in ${folder.path}: ${initdbReason(stderr, stdout, error)}`,
          {
            cause: error,
          },
        ),
      );
    });
  });
}

/** The line that says why: initdb writes `initdb: error: …` or lets the server say `FATAL: …`, then repeats itself. */
export function initdbReason(stderr: string, stdout: string, error: Error): string {
  const lines = `${stderr}\n${stdout}`.split("\n").map((line) => line.trim());
  const said = lines.find((line) => /\b(FATAL|error|PANIC):/.test(line)) ?? lines.find((line) => line !== "");
  return (said ?? error.message).replace(/^initdb: error: /, "").replace(/\.?$/, ".");
}
