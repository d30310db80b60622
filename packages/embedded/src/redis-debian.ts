import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BARE_ENV, capture, which } from "./commands.js";
import { EmbeddedError } from "./embedded-error.js";

/*
 * Redis from the packages of Debian or Ubuntu, without installing it: `apt-get download` needs no rights and checks
 * signatures, `dpkg-deb -x` unpacks. About 1.5 MB and 2 s. Lists, cache and locks of the system stay untouched.
 */

/** Server package and the one with the binary behind it; the second is asked for its libraries. */
const CANDIDATES = [
  ["redis-server", "redis-tools"],
  ["valkey-server", "valkey-tools"],
] as const;

/** Unpacks a Redis into `target`, complete or not at all. Rejects with the reason when this system offers none. */
export async function unpackDebian(cacheDir: string, target: string, signal: AbortSignal): Promise<void> {
  if ((await which("apt-get")) === null || (await which("dpkg-deb")) === null) {
    throw new EmbeddedError("this system has no apt-get to fetch one with");
  }
  const work = mkdtempSync(join(cacheDir, "apt-"));
  try {
    const root = await fetchRoot(work, signal);
    writeFileSync(join(root, "library-path"), libraryDirs(root).join(":"));
    rmSync(target, { recursive: true, force: true });
    renameSync(root, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** First with the package lists this system has; when there are none, or they are stale, with fresh ones of our own. */
async function fetchRoot(work: string, signal: AbortSignal): Promise<string> {
  const apt = aptWith(work, signal);
  const withSystemLists = await tryCandidates(apt, work, []);
  if (withSystemLists.root !== null) return withSystemLists.root;

  mkdirSync(join(work, "lists", "partial"), { recursive: true });
  const ownLists = ["-o", `Dir::State::Lists=${join(work, "lists")}`];
  const update = await apt("apt-get", [...ownLists, "update"], work);
  if (update.code !== 0) throw new EmbeddedError(`apt-get update failed: ${update.reason}`);
  const withOwnLists = await tryCandidates(apt, work, ownLists);
  if (withOwnLists.root !== null) return withOwnLists.root;
  throw new EmbeddedError(`apt-get download failed: ${withOwnLists.reason}`);
}

type Apt = ReturnType<typeof aptWith>;

function aptWith(work: string, signal: AbortSignal) {
  const options = [
    ["Dir::Cache", join(work, "cache")],
    ["Debug::NoLocking", "1"],
    ["APT::Sandbox::User", "root"],
    ["Acquire::Retries", "1"],
    ["Acquire::http::Timeout", "15"],
    ["Acquire::https::Timeout", "15"],
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  mkdirSync(join(work, "cache", "archives", "partial"), { recursive: true });

  return (tool: "apt-get" | "apt-cache", args: readonly string[], cwd: string) =>
    capture(tool, [...options, ...args], { cwd, signal });
}

async function tryCandidates(
  apt: Apt,
  work: string,
  lists: readonly string[],
): Promise<{ root: string; reason: "" } | { root: null; reason: string }> {
  let reason = "";
  for (const [server, tools] of CANDIDATES) {
    const depends = await apt("apt-cache", [...lists, ...DEPENDS, tools], work);
    if (depends.code !== 0) {
      reason ||= depends.reason;
      continue;
    }
    const libraries = await notInstalled(libraryNames(depends.stdout));
    const debs = mkdtempSync(join(work, "debs-"));
    const download = await apt("apt-get", [...lists, "download", server, tools, ...libraries], debs);
    if (download.code === 0) return { root: await unpackAll(debs, join(work, "root")), reason: "" };
    reason ||= download.reason;
  }
  return { root: null, reason };
}

const DEPENDS = [
  "depends",
  "--recurse",
  "--no-recommends",
  "--no-suggests",
  "--no-conflicts",
  "--no-breaks",
  "--no-replaces",
  "--no-enhances",
];

/** Names of library packages in the output of `apt-cache depends --recurse`: they stand at the beginning of a line. */
export function libraryNames(depends: string): string[] {
  return [...new Set(depends.split("\n").filter((line) => /^(lib|lua)[a-z0-9.+-]+$/.test(line)))];
}

async function notInstalled(names: readonly string[]): Promise<string[]> {
  // It fails when it does not know one of the names, and still prints the others.
  const { stdout } = await capture("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names], {
    env: BARE_ENV,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function unpackAll(debs: string, root: string): Promise<string> {
  mkdirSync(root);
  for (const deb of readdirSync(debs).filter((name) => name.endsWith(".deb"))) {
    const { code, reason } = await capture("dpkg-deb", ["-x", join(debs, deb), root]);
    if (code !== 0) throw new EmbeddedError(`${deb} could not be unpacked: ${reason}`);
  }
  return root;
}

/** Relative to the root, because it is moved afterwards. */
function libraryDirs(root: string): string[] {
  return ["usr/lib", "lib"].flatMap((dir) => {
    if (!existsSync(join(root, dir))) return [];
    const perMachine = readdirSync(join(root, dir)).filter((name) => name.includes("-linux-"));
    return [...perMachine.map((name) => join(dir, name)), dir];
  });
}
