import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { messageOf } from "@graphfleet/domain";
import type { ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";

/**
 * The variables that the project wants in the environment and that are not there yet: from the file or the map that
 * langgraph.json names. What the operator set wins. A file that is not there gives nothing: the project's warnings name it.
 *
 * @throws ProjectError when the file is there and cannot be read.
 */
export async function readProjectEnv(
  { env, configPath }: Pick<ProjectConfig, "env" | "configPath">,
  present: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  const wanted = env.file === null ? env.values : await readEnvFile(env.file, configPath);
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => present[name] === undefined));
}

async function readEnvFile(file: string, configPath: string): Promise<Record<string, string>> {
  try {
    return parseEnv(await readFile(file, "utf8")) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    const reason = messageOf(error);
    throw new ProjectError(`${configPath}: "env" names ${file}, which cannot be read: ${reason}`, { cause: error });
  }
}
