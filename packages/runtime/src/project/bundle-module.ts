import { build, type Plugin, stop } from "esbuild";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { digest, writeCached } from "./cache-dir.js";

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

  return writeModule(path.parse(file).name, code, file, projectDir);
}

/** Writes a module where Node finds the packages that `file` can import, and returns its URL. */
export async function writeModule(
  name: string,
  code: string | Uint8Array,
  file: string,
  projectDir: string,
): Promise<string> {
  const url = pathToFileURL(await writeCached(`${name}-${digest(file)}.mjs`, code, file, projectDir));
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
