import { type AuthHandler, type AuthHandlers, isObject } from "@graphfleet/domain";
import { loadNamed } from "./load-named.js";
import type { ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";

/** The project's own auth: who is calling, and what they may do. */
export interface ProjectAuth {
  /** Null when the project only has handlers: then nobody is anybody, and they are never asked. */
  readonly authenticate: ((request: Request) => unknown) | null;
  readonly handlers: AuthHandlers;
}

/** Where the SDK's `Auth` keeps what was registered. The project may bring its own copy, so its class tells nothing. */
const CACHE = "~handlerCache";

/**
 * Loads what `auth.path` of the project names; null when it names nothing.
 *
 * @throws ProjectError when there is no such export, when it does not load, or when it is no `Auth` object: to start all
 *   the same would open the house.
 */
export async function loadAuth(
  project: Pick<ProjectConfig, "auth" | "configPath" | "dir">,
): Promise<ProjectAuth | null> {
  const target = project.auth?.target ?? null;
  if (target === null) return null;

  const { name, exported } = await loadNamed("auth", target, project);
  const cache = typeof exported === "object" && exported !== null && CACHE in exported ? exported[CACHE] : undefined;
  if (!isObject(cache))
    throw new ProjectError(
      `${project.configPath}: Auth must be an instance of Auth: ${name}. Export \`new Auth()\` of @langchain/langgraph-sdk/auth.`,
    );
  const { authenticate, callbacks } = cache as { readonly authenticate?: unknown; readonly callbacks?: unknown };
  return {
    authenticate: typeof authenticate === "function" ? (authenticate as (request: Request) => unknown) : null,
    handlers: handlersIn(callbacks),
  };
}

function handlersIn(callbacks: unknown): AuthHandlers {
  if (!isObject(callbacks)) return {};
  const registered = Object.entries(callbacks as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    registered.flatMap(([event, handler]) => (typeof handler === "function" ? [[event, handler as AuthHandler]] : [])),
  );
}
