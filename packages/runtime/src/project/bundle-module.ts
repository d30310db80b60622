import { build, type Plugin, stop } from "esbuild";
import { createHash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Turns a TypeScript module of the project into one JavaScript file that Node can import, and returns its URL.
 *
 * Packages stay outside of the bundle, so the graph shares LangGraph with everything else of its project; the file is
 * put where Node finds those packages. Source maps point back to what the author wrote.
 */
export async function bundleModule(file: string, projectDir: string): Promise<string> {
  const result = await build({
    entryPoints: [file],
    absWorkingDir: projectDir,
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    sourcesContent: false,
    // The bundle is not put beside its source.
    sourceRoot: pathToFileURL(`${path.dirname(file)}/`).href,
    logLevel: "silent",
    define: PLACE_NAMES,
    plugins: [keepPlace],
    // CommonJS that got into the bundle asks for `require`, which modules do not have.
    banner: {
      js: `import { createRequire as __graphfleetRequire } from "node:module"; const require = __graphfleetRequire(${JSON.stringify(pathToFileURL(file).href)});`,
    },
    outdir: path.dirname(file),
  });
  const code = result.outputFiles?.find((output) => output.path.endsWith(".js"))?.contents;
  if (!code) throw new Error("the bundler produced no code");

  const name = `${path.parse(file).name}-${digest(file)}.mjs`;
  const url = pathToFileURL(await writeBundle(name, code, file, projectDir));
  // A changed module is another module to Node only if its URL is another one.
  url.searchParams.set("v", digest(code));
  return url.href;
}

let users = 0;

/** The bundler is a process of its own: it ends when nobody in this process loads graphs any more. */
export async function withBundler<T>(work: () => Promise<T>): Promise<T> {
  users += 1;
  try {
    return await work();
  } finally {
    users -= 1;
    if (users === 0) await stop();
  }
}

const digest = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex").slice(0, 12);

/** Names that say where a module is. In a bundle they would all mean the bundle, so each file gets its own. */
const PLACE_NAMES = {
  "import.meta.url": "__graphfleetUrl",
  "import.meta.dirname": "__graphfleetDirname",
  "import.meta.filename": "__graphfleetFilename",
  __dirname: "__graphfleetDirname",
  __filename: "__graphfleetFilename",
};

const keepPlace: Plugin = {
  name: "keep-place",
  setup(plugin) {
    plugin.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path: file }) => {
      const source = await readFile(file, "utf8");
      if (!/import\.meta\.|__dirname|__filename/.test(source)) return null;
      const place = [
        ["Url", pathToFileURL(file).href],
        ["Dirname", path.dirname(file)],
        ["Filename", file],
      ].map(([name, value]) => `const __graphfleet${name} = ${JSON.stringify(value)};`);
      // On the first line, so that line numbers stay what they are.
      return { contents: place.join("") + source, loader: loaderOf(file), resolveDir: path.dirname(file) };
    });
  },
};

function loaderOf(file: string): "ts" | "tsx" | "js" | "jsx" {
  const extension = path.extname(file);
  if (extension === ".tsx") return "tsx";
  if (extension === ".jsx") return "jsx";
  return extension.endsWith("ts") ? "ts" : "js";
}

/** Writes whole files only, because several processes of a fleet start at the same moment. */
async function writeBundle(name: string, code: Uint8Array, file: string, projectDir: string): Promise<string> {
  const dir = await cacheDir(file, projectDir);
  const target = path.join(dir, name);
  const draft = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, code);
  await rename(draft, target);
  return target;
}

/** A writable folder from which Node finds the packages that `file` can import. */
async function cacheDir(file: string, projectDir: string): Promise<string> {
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
