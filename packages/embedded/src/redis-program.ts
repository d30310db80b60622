import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BARE_ENV, capture, which } from "./commands.js";
import type { Program } from "./launch.js";
import { unpackDebian } from "./redis-debian.js";

export interface FindRedisOptions {
  /** Where an unpacked Redis is kept; may be shared by many data folders. */
  readonly cacheDir: string;
  readonly log?: (line: string) => void;
}

const NAMES = ["redis-server", "valkey-server"] as const;
/** BullMQ recommends 6.2; Valkey begins at 7.2. */
const OLDEST: readonly [number, number] = [6, 2];
const GIVE_UP_MS = 60_000;
/** After a failed download (no network, mostly) starts do not wait for another one at once. */
const RETRY_AFTER_MS = 10 * 60_000;

/**
 * A Redis or Valkey that runs here: from PATH, else unpacked from the distribution's own packages into `cacheDir`
 * (Debian and Ubuntu; nothing is installed, no rights are needed). Null, with the reason in the log, when there is
 * none. The first search may take a minute, later ones milliseconds.
 */
export async function findRedis({ cacheDir, log = () => {} }: FindRedisOptions): Promise<Program | null> {
  for (const name of NAMES) {
    const command = await which(name);
    if (command !== null && (await isUsable({ command, args: [], env: BARE_ENV }, log))) {
      return { command, args: [], env: BARE_ENV };
    }
  }

  const unpacked = join(cacheDir, "redis");
  const known = programIn(unpacked);
  if (known !== null && (await isUsable(known, log))) return known;

  const failure = join(cacheDir, "redis-failed.json");
  const reason = recentFailure(failure) ?? (await tryUnpack(cacheDir, unpacked, failure, log));
  const program = reason === null ? programIn(unpacked) : null;
  if (program !== null && (await isUsable(program, log))) return program;

  log(`No Redis: redis-server is not on PATH, and ${reason ?? "the unpacked one does not run here"}`);
  return null;
}

async function isUsable(program: Program, log: (line: string) => void): Promise<boolean> {
  const said = await capture(program.command, ["--version"], { env: program.env });
  const version = parseVersion(said.stdout);
  if (said.code === 0 && version !== null && isRecent(version)) return true;
  log(
    `${program.command} is left aside: ${version === null ? said.reason : `version ${version.join(".")} is too old`}`,
  );
  return false;
}

/** From `Redis server v=7.0.15 sha=…` or `Valkey server v=8.0.1 …`. */
export function parseVersion(said: string): [number, number] | null {
  const match = /\bv=(\d+)\.(\d+)/.exec(said);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

function isRecent([major, minor]: readonly [number, number]): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function programIn(unpacked: string): Program | null {
  const command = NAMES.map((name) => join(unpacked, "usr/bin", name)).find((path) => existsSync(path));
  if (command === undefined) return null;
  const libraries = readFileSync(join(unpacked, "library-path"), "utf8").trim().split(":");
  const path = libraries.map((dir) => join(unpacked, dir)).join(":");
  return { command, args: [], env: { ...BARE_ENV, LD_LIBRARY_PATH: path } };
}

/** Null when it worked, else the reason, which is remembered for a while. */
async function tryUnpack(
  cacheDir: string,
  unpacked: string,
  failure: string,
  log: (line: string) => void,
): Promise<string | null> {
  log("Looking for Redis in the packages of this system (nothing is installed)");
  mkdirSync(cacheDir, { recursive: true });
  try {
    await unpackDebian(cacheDir, unpacked, AbortSignal.timeout(GIVE_UP_MS));
    rmSync(failure, { force: true });
    return null;
  } catch (error) {
    const reason = (error as Error).message;
    writeFileSync(failure, JSON.stringify({ reason, at: Date.now() }));
    return reason;
  }
}

function recentFailure(failure: string): string | null {
  if (!existsSync(failure)) return null;
  const { reason, at } = JSON.parse(readFileSync(failure, "utf8")) as { reason: string; at: number };
  const age = Date.now() - at;
  return age >= 0 && age < RETRY_AFTER_MS ? reason : null;
}
