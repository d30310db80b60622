import { loadProject, mountPrefix, type ProjectConfig, ProjectError } from "@graphfleet/runtime/project";
import { resolve } from "node:path";
import { Problem } from "../problem.js";
import type { Input, Io } from "./command.js";

/** The project that was asked for: `--config`, GRAPHFLEET_CONFIG, else the current folder's langgraph.json. */
export const configPath = ({ strings }: Pick<Input, "strings">, { env, cwd }: Pick<Io, "env" | "cwd">): string =>
  resolve(cwd, strings.config ?? said(env.GRAPHFLEET_CONFIG) ?? ".");

/** @throws Problem with the sentence that tells what to change in langgraph.json */
export async function readConfig(path: string): Promise<ProjectConfig> {
  try {
    return await loadProject(path);
  } catch (error) {
    if (error instanceof ProjectError) throw new Problem(error.message, { cause: error });
    throw error;
  }
}

/** What the paths of the project's server begin with. @throws Problem when MOUNT_PREFIX is no path. */
export function prefixOf(project: ProjectConfig, { MOUNT_PREFIX }: Io["env"]): string {
  try {
    return mountPrefix(project, MOUNT_PREFIX);
  } catch (error) {
    if (error instanceof ProjectError) throw new Problem(error.message, { cause: error });
    throw error;
  }
}

const said = (text: string | undefined): string | undefined => (text === "" ? undefined : text);
