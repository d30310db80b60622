// Reading a project without loading its graphs: for the command line, which has no use for LangGraph.
export { type GraphEntry, type ImportTarget, loadProject, type ProjectConfig } from "./project/project-config.js";
export { readProjectEnv } from "./project/project-env.js";
export { ProjectError } from "./project/project-error.js";
