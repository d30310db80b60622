import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** The same place as for `graphfleet start`, so a Redis is unpacked once; without a home, a place that goes away. */
export function cacheDir(folder) {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  if (cache) return join(cache, "graphfleet");
  return home && isWritable(home) ? join(home, ".cache", "graphfleet") : join(folder, "cache");
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return path !== "/";
  } catch {
    return false;
  }
}

/** The built package of our private servers; built now when it is not there yet. */
export async function loadEmbedded() {
  if (!existsSync(join(ROOT, "packages/embedded/dist/index.js"))) {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const build = spawnSync(process.execPath, [tsc, "-b", join(ROOT, "packages/embedded")], { encoding: "utf8" });
    if (build.status !== 0) throw new Error(`packages/embedded does not build:\n${build.stdout}`);
  }
  return await import("@graphfleet/embedded");
}
