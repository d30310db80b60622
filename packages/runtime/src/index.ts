export { describeError } from "./describe-error.js";
export type { GraphFailure } from "./project/graph-registry.js";
export { type GraphEntry, type ImportTarget, loadProject, type ProjectConfig } from "./project/project-config.js";
export { readProjectEnv } from "./project/project-env.js";
export { ProjectError } from "./project/project-error.js";
export { requireGraphs } from "./project/require-graphs.js";
export { openRuntime, type Runtime, type RuntimeLog } from "./runtime.js";
export { stringify, toJson } from "./serialize.js";
