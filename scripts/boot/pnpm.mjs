import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BootError } from "./boot-error.mjs";
import { runQuietly } from "./run.mjs";

/** The pnpm to use, as a command and its first arguments: the one on PATH when its major is ours, else through npx. */
export async function findPnpm(root, env) {
  const wanted = wantedVersion(readFileSync(join(root, "package.json"), "utf8"));
  // Asked from elsewhere: inside the clone a pnpm of another version would fetch the one that the clone names.
  const options = { cwd: tmpdir(), env, timeout: 20_000 };

  const onPath = await runQuietly("pnpm", ["--version"], options);
  if (onPath.code === 0 && majorOf(onPath.output) === majorOf(wanted)) return { command: "pnpm", args: [] };

  const npx = await runQuietly("npx", ["--version"], options);
  if (npx.code === 0) return { command: "npx", args: ["--yes", `pnpm@${wanted}`] };
  throw new BootError(
    `Neither pnpm ${majorOf(wanted)} nor npx is on PATH: install pnpm (https://pnpm.io/installation) and try again.`,
  );
}

/** The one place that names the version is `packageManager` of the root package. */
export function wantedVersion(manifest) {
  return JSON.parse(manifest)
    .packageManager.replace(/^pnpm@/, "")
    .replace(/\+.*$/, "");
}

/** Tools may print warnings around it: the version is the first thing that looks like one. */
export function majorOf(said) {
  const match = /^(\d+)\.\d+\.\d+/m.exec(said);
  return match === null ? null : Number(match[1]);
}
