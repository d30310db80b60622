import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "@graphfleet/domain";
import { bundleModule } from "./bundle-module.js";
import type { ImportTarget } from "./project-config.js";

/** Something of the project that could not be loaded. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  readonly file: string;
  /** Line in the author's own file, when it is known. */
  readonly line: number | null;

  constructor(file: string, line: number | null, message: string, cause?: unknown) {
    super(message, { cause });
    this.file = file;
    this.line = line;
  }
}

const TYPESCRIPT = /\.[cm]?tsx?$|\.jsx$/;

/**
 * Imports a module of the project and returns the export that was asked for, awaited.
 *
 * @throws LoadError naming the file, and the line when the author's code is to blame.
 */
export async function loadExport(target: ImportTarget, projectDir: string): Promise<unknown> {
  return (await loadExports(target, projectDir)).exported;
}

/** The same, with everything else that the module exports. */
export async function loadExports(
  target: ImportTarget,
  projectDir: string,
): Promise<{ readonly exported: unknown; readonly all: Readonly<Record<string, unknown>> }> {
  if (!existsSync(target.file)) {
    throw new LoadError(target.file, null, `${target.written} does not exist`);
  }
  if (target.file.endsWith(".py")) {
    throw new LoadError(target.file, null, `${target.written} is Python; this server runs TypeScript and JavaScript`);
  }
  const module = exportsOf(await importModule(target, projectDir), target.exportName);
  if (!(target.exportName in module)) {
    const names = Object.keys(module);
    const found = names.length > 0 ? `it exports ${names.join(", ")}` : "it exports nothing";
    throw new LoadError(target.file, null, `${target.written} has no export "${target.exportName}": ${found}`);
  }
  try {
    return { exported: await module[target.exportName], all: module };
  } catch (error) {
    throw explain(error, target, projectDir);
  }
}

/**
 * Where the export is to be found. A CommonJS module is, to an ES module, one default export; what it holds counts as
 * exported, and what was compiled from an ES module keeps its own default one step further in.
 */
function exportsOf(module: Record<string, unknown>, exportName: string): Record<string, unknown> {
  const inner = module["default"];
  if (typeof inner !== "object" || inner === null) return module;
  const isCompiled = "__esModule" in inner;
  if (exportName in module && !(exportName === "default" && isCompiled)) return module;
  return exportName in inner ? (inner as Record<string, unknown>) : module;
}

async function importModule(target: ImportTarget, projectDir: string): Promise<Record<string, unknown>> {
  try {
    const typescript = TYPESCRIPT.test(target.file);
    // Stack traces of graphs should name the lines their authors wrote.
    if (typescript) process.setSourceMapsEnabled(true);
    const url = typescript ? await bundleModule(target.file, projectDir) : pathToFileURL(target.file).href;
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw explain(error, target, projectDir);
  }
}

function explain(error: unknown, target: ImportTarget, projectDir: string): LoadError {
  const bundling = bundlingProblem(error);
  if (bundling) {
    const file = path.resolve(projectDir, bundling.file);
    return new LoadError(file, bundling.line, bundling.text, error);
  }
  const message = messageOf(error);
  const place = placeIn(error, projectDir);
  return new LoadError(place?.file ?? target.file, place?.line ?? null, firstLine(message), error);
}

const firstLine = (text: string) => text.split("\n", 1)[0] ?? text;

/** What esbuild throws: a list of problems with their places. */
function bundlingProblem(error: unknown): { file: string; line: number; text: string } | null {
  if (!(error instanceof Error) || !("errors" in error) || !Array.isArray(error.errors)) return null;
  const [first] = error.errors as { text: string; location: { file: string; line: number } | null }[];
  return first?.location ? { ...first.location, text: first.text } : null;
}

/** The first line of the stack that is the project's own. */
function placeIn(error: unknown, projectDir: string): { file: string; line: number } | null {
  if (!(error instanceof Error) || !error.stack) return null;
  for (const [, file = "", line = ""] of error.stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+\.[cm]?[jt]sx?):(\d+)/g)) {
    if (file.startsWith(projectDir) && !file.includes("/node_modules/") && !file.includes("/.graphfleet/")) {
      return { file, line: Number(line) };
    }
  }
  return null;
}
