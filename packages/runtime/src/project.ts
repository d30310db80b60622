// Reading a project without loading its graphs: for the command line, which has no use for LangGraph.
export { closestName } from "./project/closest-name.js";
export {
  type AuthSettings,
  type CheckpointerSettings,
  type EncryptionSettings,
  type GraphEntry,
  type HeaderRules,
  type HttpSettings,
  type ImportTarget,
  loadProject,
  type ProjectConfig,
  type StoreSettings,
  type WebhookSettings,
} from "./project/project-config.js";
export { mountPrefix } from "./project/mount-prefix.js";
export { readProjectEnv } from "./project/project-env.js";
export { projectSchema } from "./project/project-schema.js";
export { ProjectError } from "./project/project-error.js";
export { threadLifetime } from "./project/thread-lifetime.js";
export { webhookHeaders, webhookUrlRules } from "./project/webhook-settings.js";
