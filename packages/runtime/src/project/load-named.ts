import { messageOf } from "@graphfleet/domain";
import { withBundler } from "./bundle-module.js";
import { loadExports } from "./load-module.js";
import type { ImportTarget, ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";

/** An export that the project names in langgraph.json. */
export interface Named {
  /** `./file.ts:export`, as its author wrote it. */
  readonly name: string;
  readonly exported: unknown;
  /** Everything that its module exports. */
  readonly all: Readonly<Record<string, unknown>>;
  /** What is wrong with it; `reason` goes on behind the name. */
  readonly problem: (reason: string) => ProjectError;
}

/**
 * @param what it is, in the words of a problem
 * @throws ProjectError when there is no such export or when it does not load.
 */
export async function loadNamed(
  what: string,
  target: ImportTarget,
  { configPath, dir }: Pick<ProjectConfig, "configPath" | "dir">,
): Promise<Named> {
  const name = `${target.written}:${target.exportName}`;
  const problem = (reason: string, cause?: unknown) =>
    new ProjectError(`${configPath}: Failed to load ${what}: ${name}${reason}`, { cause });
  const module = await withBundler(() => loadExports(target, dir)).catch((error: unknown) => {
    throw problem(`: ${messageOf(error)}`, error);
  });
  return { name, ...module, problem };
}
