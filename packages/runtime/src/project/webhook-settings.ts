import { validateHeaderName, validateHeaderValue } from "node:http";
import { type Network, networks, type WebhookUrlRules } from "@graphfleet/domain";
import type { ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";

type Env = Readonly<Record<string, string | undefined>>;
type Project = Pick<ProjectConfig, "configPath" | "webhooks"> & {
  readonly http: Pick<ProjectConfig["http"], "disable_webhooks">;
};

const DEFAULT_PREFIX = "LG_WEBHOOK_";
const TEMPLATE = /\$\{\{\s*(.*?)\s*\}\}/g;
const VARIABLE = /^env\.([A-Za-z_]\w*)$/;

/**
 * Where this project's webhooks may go; null when it sends none.
 *
 * @param allowedNetworks the operator's WEBHOOK_ALLOWED_NETWORKS. Not a key of langgraph.json: what a deployment's network
 * looks like is not the author's to know.
 * @throws ProjectError when that is no list of networks.
 */
export function webhookUrlRules({ webhooks, http }: Project, allowedNetworks: string): WebhookUrlRules | null {
  const allowed = readNetworks(allowedNetworks);
  if (http.disable_webhooks === true) return null;
  const { url = {} } = webhooks;
  return {
    requireHttps: url.require_https ?? false,
    allowedDomains: url.allowed_domains ?? [],
    allowedPorts: url.allowed_ports ?? [],
    maxLength: url.max_url_length ?? null,
    disableLoopback: url.disable_loopback ?? false,
    allowedNetworks: allowed,
  };
}

/**
 * The headers that go with every webhook, with their templates filled in from the environment.
 *
 * @throws ProjectError when a template names no variable, one that this project may not use, or one that is not set; and
 * when what comes out is no header. Values are never in the message.
 */
export function webhookHeaders({ webhooks, configPath }: Project, env: Env): Record<string, string> {
  const prefix = webhooks.env_prefix ?? DEFAULT_PREFIX;
  return Object.fromEntries(
    Object.entries(webhooks.headers ?? {}).map(([name, template]) => {
      const at = `${configPath}: "webhooks.headers.${name}"`;
      const value = template.replaceAll(TEMPLATE, (_whole, inside: string) => variable(inside, { at, prefix, env }));
      try {
        validateHeaderName(name);
        validateHeaderValue(name, value);
      } catch (error) {
        const wrong = (error as NodeJS.ErrnoException).code === "ERR_INVALID_HTTP_TOKEN" ? "name" : "value";
        throw new ProjectError(`${at} cannot be sent: its ${wrong} has characters that no header may have.`);
      }
      return [name.toLowerCase(), value];
    }),
  );
}

function variable(inside: string, { at, prefix, env }: { at: string; prefix: string; env: Env }): string {
  const name = VARIABLE.exec(inside)?.[1];
  if (name === undefined)
    throw new ProjectError(`${at} holds the template "${inside}", but only \${{ env.NAME }} is one.`);
  if (!name.startsWith(prefix))
    throw new ProjectError(
      `${at} uses the variable ${name}, but only names that begin with ${prefix} may be sent. Rename it, or change "webhooks.env_prefix".`,
    );
  const value = env[name];
  if (value === undefined) throw new ProjectError(`${at} needs the variable ${name}, which is not set.`);
  return value;
}

function readNetworks(text: string): readonly Network[] {
  try {
    return networks(text);
  } catch (error) {
    throw new ProjectError(`WEBHOOK_ALLOWED_NETWORKS: ${(error as Error).message}.`);
  }
}
