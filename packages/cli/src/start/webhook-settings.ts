import { type ProjectConfig, ProjectError, webhookHeaders, webhookUrlRules } from "@graphfleet/runtime";
import { Problem } from "../problem.js";
import type { OneProcessConfig } from "./one-process-config.js";

type Env = Readonly<Record<string, string | undefined>>;
type Project = Pick<ProjectConfig, "configPath" | "webhooks"> & {
  readonly http: Pick<ProjectConfig["http"], "disable_webhooks">;
};

/**
 * What the project says of webhooks: where they may go (null: nowhere, there are none), and with which headers.
 *
 * @throws Problem that names what cannot be used
 */
export function webhookSettings(project: Project, { api }: Pick<OneProcessConfig, "api">, env: Env) {
  try {
    return { rules: webhookUrlRules(project, api.webhookNetworks), headers: webhookHeaders(project, env) };
  } catch (error) {
    if (error instanceof ProjectError) throw new Problem(error.message, { cause: error });
    throw error;
  }
}
