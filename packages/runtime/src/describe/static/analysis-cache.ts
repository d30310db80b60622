import { isObject } from "@graphfleet/domain";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { cacheDir, digest, writeCached } from "../../project/cache-dir.js";
import { type Analysis, ANALYSIS_VERSION, type AnalysisRequest } from "./analysis.js";

interface Kept {
  /** Of the analysis and of the compiler. */
  readonly version: string;
  readonly graphs: Analysis["graphs"];
  /** What each file looked like that was read; null where it could not be. */
  readonly inputs: Readonly<Record<string, string | null>>;
}

/** The answer of an earlier process, if every file that it came from is still the same; else null. */
export async function readAnalysis(request: AnalysisRequest, projectDir: string): Promise<Analysis["graphs"] | null> {
  const kept = parse(await read(path.join(await cacheDir(request.file, projectDir), nameOf(request))));
  if (kept === null || kept.version !== version()) return null;
  const same = await Promise.all(Object.entries(kept.inputs).map(async ([file, was]) => (await look(file)) === was));
  return same.every(Boolean) ? kept.graphs : null;
}

/** Keeps an answer for later processes, beside the bundles. */
export async function keepAnalysis(request: AnalysisRequest, analysis: Analysis, projectDir: string): Promise<void> {
  const inputs = await Promise.all(analysis.inputs.map(async (file) => [file, await look(file)] as const));
  const kept: Kept = { version: version(), graphs: analysis.graphs, inputs: Object.fromEntries(inputs) };
  await writeCached(nameOf(request), JSON.stringify(kept), request.file, projectDir);
}

const nameOf = ({ file, exportName }: AnalysisRequest) => `schemas-${digest(`${file}:${exportName}`)}.json`;

async function look(file: string): Promise<string | null> {
  const content = await read(file);
  return content === null ? null : digest(content);
}

const read = (file: string): Promise<string | null> => readFile(file, "utf8").catch(() => null);

/** Whatever is not what we wrote is as good as nothing. */
function parse(text: string | null): Kept | null {
  try {
    const json: unknown = JSON.parse(text ?? "null");
    return isObject(json) && isObject(json["graphs"]) && isObject(json["inputs"])
      ? (json as Record<string, unknown> as unknown as Kept)
      : null;
  } catch {
    return null;
  }
}

/** The compiler itself is only loaded where it works. */
function version(): string {
  const manifest = createRequire(import.meta.url)("typescript/package.json") as { readonly version: string };
  return `${ANALYSIS_VERSION} ${manifest.version}`;
}
