export { describeError } from "./describe-error.js";
export { type GraphFailure, loadGraphs } from "./project/graph-registry.js";
export { loadAuth, type ProjectAuth } from "./project/load-auth.js";
export { requireGraphs } from "./project/require-graphs.js";
export { openRuntime, type Runtime, type RuntimeLog } from "./runtime.js";
export { stringify, toJson } from "./serialize.js";
export * from "./project.js";
