import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every folder of the workspace with a package in it, the root first (as ""). */
export function workspaceFolders(root) {
  const patterns = packagePatterns(readFileSync(join(root, "pnpm-workspace.yaml"), "utf8"));
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return [pattern];
    const parent = pattern.slice(0, -2);
    if (!existsSync(join(root, parent))) return [];
    return readdirSync(join(root, parent))
      .toSorted()
      .map((name) => join(parent, name));
  });
  return ["", ...folders.filter((folder) => existsSync(join(root, folder, "package.json")))];
}

/** The list under `packages:`. Enough of YAML for a file of our own. */
export function packagePatterns(yaml) {
  const lines = yaml.split("\n");
  const items = lines.slice(lines.indexOf("packages:") + 1);
  const end = items.findIndex((line) => !/^\s+-\s/.test(line));
  return items.slice(0, end < 0 ? items.length : end).map((line) =>
    line
      .replace(/^\s+-\s+/, "")
      .replaceAll(/["']/g, "")
      .trim(),
  );
}

/** Changes when an install would do something: other manifests, other lockfile, other settings, other machine. */
export function installHash(root, folders) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ...folders.map((it) => join(it, "package.json"))];
  for (const file of files.filter((it) => existsSync(join(root, it)))) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** True for a package whose dependencies were deleted after the install. */
export function lacksModules(root, folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const needs = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length > 0;
  return needs && !existsSync(join(root, folder, "node_modules"));
}
