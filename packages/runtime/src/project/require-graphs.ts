import type { GraphFailure } from "./graph-registry.js";
import { ProjectError } from "./project-error.js";

/**
 * A project of which nothing could be loaded cannot be served; one broken graph must not take the others down.
 * @throws ProjectError that names every graph, its file and the reason, when none is left.
 */
export function requireGraphs(runtime: {
  readonly catalog: { ids(): readonly string[] };
  readonly failures: readonly GraphFailure[];
}): void {
  if (runtime.catalog.ids().length > 0) return;
  const reasons = runtime.failures.map(
    ({ graphId, file, line, message }) => `  - ${graphId} (${file}${line === null ? "" : `:${line}`}): ${message}`,
  );
  throw new ProjectError(`None of the project's graphs could be loaded:\n${reasons.join("\n")}`);
}
