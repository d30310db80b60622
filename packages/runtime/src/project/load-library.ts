import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isObject } from "@graphfleet/domain";
import { writeModule } from "./bundle-module.js";
import { type GraphLibrary, type LibraryModule, libraryOf, ourLibrary, type SchemaReaders } from "./graph-library.js";

const PACKAGE = "@langchain/langgraph";
const CORE = `${PACKAGE}/pregel`;
const READERS = `${PACKAGE}/zod/schema`;

/** Stands where the project's packages are found, and hands out what the project would get. */
const DOOR = `export { Command, MemorySaver, Send } from "${PACKAGE}";
export { Pregel } from "${CORE}";
export const readers = await import("${READERS}").catch(() => null);
`;

/**
 * The copies of LangGraph that a graph of this file may have been built with, the likeliest first. Never empty: a project
 * without a copy of its own uses ours.
 */
export async function librariesFor(file: string, projectDir: string): Promise<readonly GraphLibrary[]> {
  const home = packageHome(file);
  if (home === null) return [ourLibrary];
  const found: GraphLibrary[] = [];
  if (isCommonJs(file)) found.push(requireLibrary(file, home));
  found.push(home === OUR_HOME ? ourLibrary : await importLibrary(file, projectDir, home));
  return found;
}

/** The copy that a graph was built with, else the likeliest. */
export function libraryThatMade(graph: unknown, libraries: readonly GraphLibrary[]): GraphLibrary {
  return libraries.find((library) => library.made(graph)) ?? libraries[0] ?? ourLibrary;
}

async function importLibrary(file: string, projectDir: string, home: string): Promise<GraphLibrary> {
  const url = await writeModule("langgraph", DOOR, file, projectDir);
  const module = (await import(url)) as LibraryModule & { readonly readers: SchemaReaders | null };
  return libraryOf(module, module.readers, versionAt(home));
}

function requireLibrary(file: string, home: string): GraphLibrary {
  const require = createRequire(file);
  const readers = (): SchemaReaders | null => {
    try {
      return require(READERS) as SchemaReaders;
    } catch {
      return null;
    }
  };
  const module = { ...(require(PACKAGE) as LibraryModule), ...(require(CORE) as Pick<LibraryModule, "Pregel">) };
  return libraryOf(module, readers(), versionAt(home));
}

/** Whether Node reads a file as CommonJS. TypeScript is bundled to an ES module, whatever it was. */
function isCommonJs(file: string): boolean {
  if (file.endsWith(".cjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    const manifest = path.join(dir, "package.json");
    if (existsSync(manifest)) return manifestAt(manifest)["type"] !== "module";
    if (dir === path.dirname(dir)) return true;
  }
}

/** The real folder of the package that a module would get; null when it would get none. */
function packageHome(from: string): string | null {
  let entry: string;
  try {
    entry = realpathSync(createRequire(pathToFileURL(from)).resolve(PACKAGE));
  } catch {
    return null;
  }
  for (let dir = path.dirname(entry); dir !== path.dirname(dir); dir = path.dirname(dir)) {
    const manifest = path.join(dir, "package.json");
    if (existsSync(manifest) && manifestAt(manifest)["name"] === PACKAGE) return dir;
  }
  return null;
}

function manifestAt(file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function versionAt(home: string): string {
  const { version } = manifestAt(path.join(home, "package.json"));
  return typeof version === "string" ? version : "";
}

const OUR_HOME = packageHome(import.meta.filename);
