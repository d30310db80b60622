import { ConfigError, loadEnv } from "@graphfleet/chassis";
import { type ProjectConfig, ProjectError, webhookHeaders, webhookUrlRules } from "@graphfleet/runtime";
import { WebhookLogEnv } from "@graphfleet/scheduler";
import { WebhookEnv, webhookOptions } from "@graphfleet/worker";
import { Problem } from "../problem.js";

type Env = Readonly<Record<string, string | undefined>>;
type Project = Pick<ProjectConfig, "configPath" | "webhooks"> & {
  readonly http: Pick<ProjectConfig["http"], "disable_webhooks">;
};

/**
 * What one process has to know of webhooks: the variables that workers and schedulers read, and what the project says.
 *
 * @throws Problem that names what cannot be used
 */
export function webhookSettings(project: Project, env: Env) {
  try {
    const options = webhookOptions(loadEnv(WebhookEnv, env));
    return {
      ...options,
      keepSeconds: loadEnv(WebhookLogEnv, env).WEBHOOK_LOG_KEEP_HOURS * 3600,
      rules: webhookUrlRules(project, options.allowedNetworks),
      headers: webhookHeaders(project, env),
    };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ProjectError)
      throw new Problem(error.message, { cause: error });
    throw error;
  }
}
