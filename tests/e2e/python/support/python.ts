import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeFleet } from "../../support/fleet.js";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const REQUIREMENTS = join(FOLDER, "requirements.txt");
const INSTALL_MS = 300_000;
/** Below the time that Jest gives a test, so that what Python said is seen. */
const MODULE_MS = 100_000;

/** `describe` for suites in Python, given the path of one; says loudly that it is skipped where something is missing. */
export function describePython(name: string, suite: (python: string) => void): void {
  const python = findPython();
  if (typeof python === "string") return describeFleet(name, () => suite(python));
  process.stderr.write(`\n!! SKIPPED, ${python.missing}: ${name}\n`);
  describe.skip(name, () => suite(""));
}

/** Path of a Python that has the packages, made in a temporary folder the first time; or what is missing. */
function findPython(): string | { readonly missing: string } {
  const base = process.env.PYTHON ?? "python3";
  const newEnough = spawnSync(base, ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
  if (newEnough.status !== 0) return { missing: "no Python 3.11 or newer (set PYTHON)" };

  const version = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const cache = join(tmpdir(), "graphfleet-python");
  const ready = join(cache, version);
  if (existsSync(ready)) return join(ready, "bin", "python");

  // An environment cannot move, but what marks it as whole can: the folder is made, filled and only then named.
  const building = join(cache, `.${version}-${process.pid}`);
  mkdirSync(cache, { recursive: true });
  const made = spawnSync(base, ["-m", "venv", building]);
  const python = join(building, "bin", "python");
  const filled =
    made.status === 0 &&
    spawnSync(python, ["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS], { timeout: INSTALL_MS })
      .status === 0;
  if (!filled) {
    rmSync(building, { recursive: true, force: true });
    return { missing: "the packages of requirements.txt could not be installed" };
  }
  renameSync(building, ready);
  return join(ready, "bin", "python");
}

/** Runs one test module with Python's own runner. */
export async function runPython(
  python: string,
  module: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(python, ["-B", "-m", "unittest", "-v", module], {
    cwd: FOLDER,
    env: { PATH: process.env.PATH, LANGSMITH_TRACING: "false", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: MODULE_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
