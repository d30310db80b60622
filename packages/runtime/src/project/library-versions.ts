import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { isObject } from "@graphfleet/domain";

/** A package of LangChain that a project would get, and the version of it that this server is tested with. */
export interface InstalledLibrary {
  readonly name: string;
  readonly version: string;
  readonly tested: string;
}

const LANGGRAPH = "@langchain/langgraph";
/** What graphs and this server exchange objects of. */
const NAMES = [LANGGRAPH, "@langchain/langgraph-checkpoint", "@langchain/core"] as const;

/** The libraries that a module of the project gets. One that it gets nowhere, and so from us, is left out. */
export function librariesOf(file: string): InstalledLibrary[] {
  const langgraph = manifestOf(LANGGRAPH, file)?.file;
  return NAMES.flatMap((name) => {
    // What a project does not name itself, its LangGraph brings along.
    const version = (manifestOf(name, file) ?? (langgraph === undefined ? null : manifestOf(name, langgraph)))?.version;
    const tested = manifestOf(name, import.meta.filename)?.version;
    return version === undefined || tested === undefined ? [] : [{ name, version, tested }];
  });
}

/** One sentence for each library that is not of the tested line, with what to install. Patches are the same line. */
export function versionWarnings(libraries: readonly InstalledLibrary[]): string[] {
  const told = libraries.flatMap(({ name, version, tested }) => {
    const [is, should] = [lineOf(version), lineOf(tested)];
    if (is === null || should === null || (is.major === should.major && is.minor === should.minor)) return [];
    const words =
      is.major === should.major
        ? `${name} ${version} is ${is.minor > should.minor ? "newer" : "older"} than what this server is tested with (${tested}).`
        : `${name} ${version} is another major version than this server's (${tested}): graphs may not load, or fail.`;
    return [`${words} To be safe: npm install ${name}@${tested}`];
  });
  return [...new Set(told)];
}

/** Why a graph that did not load may not have; null where its libraries are not the reason. */
export function majorMismatch(libraries: readonly InstalledLibrary[]): string | null {
  const other = libraries.find(({ version, tested }) => {
    const [is, should] = [lineOf(version), lineOf(tested)];
    return is !== null && should !== null && is.major !== should.major;
  });
  if (other === undefined) return null;
  const { name, version, tested } = other;
  return `its ${name} is ${version}, and this server works with ${tested.split(".")[0]}.x: npm install ${name}@${tested}`;
}

function lineOf(version: string): { readonly major: number; readonly minor: number } | null {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}

function manifestOf(name: string, from: string): { readonly file: string; readonly version: string } | null {
  try {
    const file = createRequire(pathToFileURL(from)).resolve(`${name}/package.json`);
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isObject(manifest) && typeof manifest["version"] === "string"
      ? { file, version: manifest["version"] }
      : null;
  } catch {
    return null;
  }
}
