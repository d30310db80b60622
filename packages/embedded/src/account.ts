import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

import { EmbeddedError } from "./embedded-error.js";

/** The user a server runs as, when that is not the user of this process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = () => process.getuid?.() === 0;

/**
 * Who Postgres runs as; null means: as this process.
 *
 * Postgres refuses to run as root. Existing data keeps its owner, so one `sudo npm start` does not take the
 * folder away from the person it belongs to. `nobody` is enough for the rest: no user has to be created.
 */
export function postgresAccount(clusterDir: string): Account | null {
  if (!isRoot()) return null;

  const account = ownerAccount(clusterDir) ?? lookUp("postgres") ?? lookUp("nobody");
  if (account !== null) return account;
  throw new EmbeddedError(
    "Postgres refuses to run as root, and this machine has neither a user `postgres` nor `nobody`: start as an ordinary user, or set DATABASE_URI.",
  );
}

/** When root works in somebody's folder: that somebody. Null otherwise. */
export function ownerAccount(dir: string): Account | null {
  if (!isRoot()) return null;
  const owner = statSync(dir, { throwIfNoEntry: false });
  return owner === undefined || owner.uid === 0 ? null : { uid: owner.uid, gid: owner.gid };
}

/** Asks the system itself, because modes alone do not tell (ACLs, mounts, capabilities). */
export function canEnter(dir: string, account: Account): boolean {
  const { status } = spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", dir], { ...account, cwd: "/", stdio: "ignore" });
  return status === 0;
}

function lookUp(name: string): Account | null {
  const uid = idOf("-u", name);
  const gid = idOf("-g", name);
  return uid === null || gid === null ? null : { uid, gid };
}

function idOf(flag: "-u" | "-g", name: string): number | null {
  const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" });
  return status === 0 ? Number(stdout.trim()) : null;
}
