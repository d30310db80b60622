export { describeError } from "./describe-error.js";
export { type GraphFailure, loadGraphs } from "./project/graph-registry.js";
export { type GraphLog, offerApi, offerLogger, remoteApi } from "./globals.js";
export { loadAuth, type ProjectAuth } from "./project/load-auth.js";
export { loadEncryption } from "./project/load-encryption.js";
export {
  type HonoApp,
  type HonoContext,
  type HttpApp,
  loadHttpApp,
  type NodeHandler,
} from "./project/load-http-app.js";
export { partProblems } from "./project/part-problems.js";
export { requireGraphs } from "./project/require-graphs.js";
export { openRuntime, type Runtime, type RuntimeLog } from "./runtime.js";
export { stringify, toJson } from "./serialize.js";
export * from "./project.js";
