import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a running (or killed) Postgres says about itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  /** Null until the server has chosen it. */
  readonly port: number | null;
  readonly ready: boolean;
}

/** Null when the cluster was shut down cleanly, or is being started this instant. */
export function readPostmaster(clusterDir: string): Postmaster | null {
  try {
    return parsePostmaster(readFileSync(join(clusterDir, "postmaster.pid"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Lines: pid, folder, start time, port, socket folder, listen address, shared memory, status. Later ones come late. */
export function parsePostmaster(text: string): Postmaster | null {
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid === 0) return null;
  const port = Number(lines[3] ?? 0);
  return { pid: Math.abs(pid), port: port > 0 ? port : null, ready: lines[7]?.trim() === "ready" };
}
