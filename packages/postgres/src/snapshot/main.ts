import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { renderAll } from "./render.js";

// `--write` renews packages/postgres/sql, `--check` fails when it is not what the code says.

const folder = fileURLToPath(new URL("../../sql/", import.meta.url));
const files = await renderAll();

if (process.argv.includes("--write")) {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
} else {
  const stale = [];
  for (const [name, text] of files) {
    const committed = await readFile(join(folder, name), "utf8").catch(() => "");
    if (committed !== text) stale.push(name);
  }
  if (stale.length > 0) {
    console.error(
      `The SQL snapshots are stale: ${stale.join(", ")}. Run \`pnpm sql:snapshot\` and review the difference.`,
    );
    process.exitCode = 1;
  }
}
