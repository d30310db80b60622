import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BootError } from "./boot-error.mjs";
import { installEnv } from "./environment.mjs";
import { findPnpm } from "./pnpm.mjs";
import { runQuietly } from "./run.mjs";
import { installHash, lacksModules, workspaceFolders } from "./workspace.mjs";

/** Retries that fit a person who waits; pnpm's own defaults take minutes to notice that there is no network. */
const INSTALL = [
  "install",
  "--frozen-lockfile",
  "--prefer-offline",
  "--reporter=append-only",
  "--fetch-retries=3",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=8000",
];
const SHOWN_LINES = 15;
/** Counters, announced retries and stack frames, which bury the cause. */
const NOISE = /^(Progress:|WARN\b|(npm error\s+)?at )/;

/**
 * Installs every package of the workspace, unless the last complete install was of these very manifests. All of it,
 * also for `start`: leaving the tests' packages out saves one second of sixteen.
 */
export async function install(root, env) {
  const folders = workspaceFolders(root);
  const hash = installHash(root, folders);
  const stamp = join(root, "node_modules", ".graphfleet-installed");
  if (read(stamp) === hash && !folders.some((folder) => lacksModules(root, folder))) return "up to date";

  rmSync(stamp, { force: true });
  const quiet = installEnv(env, root);
  const pnpm = await findPnpm(root, quiet);
  const { code, output } = await runQuietly(pnpm.command, [...pnpm.args, ...INSTALL], { cwd: root, env: quiet });
  if (code !== 0) throw new BootError(installFailure(output));

  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stamp, hash);
  return undefined;
}

/** The cause first, then the end of what was said. */
export function installFailure(output) {
  const lines = output.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "" && !NOISE.test(line));
  const cause = said.find((line) => /ERR_PNPM|\bERR!|npm error|EACCES|ENOSPC|ENOTFOUND|ECONNREFUSED/.test(line));
  const tail = said.slice(-SHOWN_LINES).map((line) => `  ${line}`);
  return [`Installing packages failed: ${cause ?? said.at(-1) ?? "pnpm said nothing"}`, ...tail].join("\n");
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
