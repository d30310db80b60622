import { createHash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** A short name for a content. */
export const digest = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 12);

/**
 * Writes a file into the cache of the packages that `file` can import, and returns its path. Writes whole files only, because
 * several processes of a fleet start at the same moment.
 */
export async function writeCached(
  name: string,
  code: string | Uint8Array,
  file: string,
  projectDir: string,
): Promise<string> {
  const dir = await cacheDir(file, projectDir);
  const target = path.join(dir, name);
  const draft = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, code);
  await rename(draft, target);
  return target;
}

/** A writable folder from which Node finds the packages that `file` can import. */
export async function cacheDir(file: string, projectDir: string): Promise<string> {
  const modules = nearestModules(path.dirname(file));
  const candidates = [
    ...(modules ? [path.join(modules, ".cache", "graphfleet")] : []),
    path.join(projectDir, ".graphfleet", "graphs"),
  ];
  for (const dir of candidates) {
    if (await isWritable(dir)) return dir;
  }
  return borrowedDir(projectDir, modules);
}

function nearestModules(from: string): string | null {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const modules = path.join(dir, "node_modules");
    if (existsSync(modules)) return modules;
    if (dir === path.dirname(dir)) return null;
  }
}

async function isWritable(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A project on a read-only disk: a temporary folder that borrows the project's packages. */
async function borrowedDir(projectDir: string, modules: string | null): Promise<string> {
  const dir = path.join(os.tmpdir(), `graphfleet-${digest(projectDir)}-${process.pid}`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const link = path.join(dir, "node_modules");
  if (modules && !existsSync(link)) await symlink(modules, link);
  return dir;
}
