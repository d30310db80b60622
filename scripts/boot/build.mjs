import { join } from "node:path";

import { BootError } from "./boot-error.mjs";
import { runQuietly } from "./run.mjs";

/** Compiles what changed since the last time, and projects beyond the product's; `tsc -b` keeps the books. */
export async function build(root, env, projects = []) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { code, output } = await runQuietly(process.execPath, [tsc, "-b", ".", ...projects], { cwd: root, env });
  if (code !== 0) throw new BootError(`Building failed:\n${output.trim()}`);
}
