import { allowAll, AUTH_TIMEOUT_MS, askHandlers, type Authorizer, type Log } from "@graphfleet/domain";
import type { AuthSettings, ProjectAuth } from "@graphfleet/runtime";
import { API_KEY_SECURITY, type ApiSecurity } from "./api-security.js";
import type { ApiKeys } from "./api-keys.js";
import { apiKeyLogin } from "./api-key-login.js";
import { type Login, openHouse } from "./authenticate.js";
import { projectLogin } from "./project-login.js";
import { rememberLogins } from "./remember-logins.js";

/** How this server knows its callers, and what they may do. */
export interface Auth {
  readonly login: Login;
  readonly authorizer: Authorizer;
  /** What the API document says of logging in; null: nothing. */
  readonly security: ApiSecurity | null;
}

export interface AuthParts {
  /** What `auth.path` of the project names, loaded. */
  readonly project: ProjectAuth | null;
  readonly settings: AuthSettings | null;
  /** Null for servers that use none. */
  readonly keys: Pick<ApiKeys, "nameOf"> | null;
  /** Whether this server is somebody's own, where LangGraph Studio may come in without a login. */
  readonly studio: boolean;
  /** What LANGGRAPH_AUTH_TYPE asks for. */
  readonly type?: "noop" | "custom" | "langsmith";
  /** How long the project's callbacks may take. */
  readonly timeoutMs?: number;
  readonly log: Log;
}

const CACHE_TTL_SECONDS = 60;
const CACHE_SIZE = 1000;

/** Puts together what the project and its environment say about auth. @throws Error when they say two things. */
export function openAuth({
  project,
  settings,
  keys,
  studio,
  type = "noop",
  timeoutMs = AUTH_TIMEOUT_MS,
  log,
}: AuthParts): Auth {
  // To start all the same would open the house.
  if (type === "langsmith")
    throw new Error(
      "LANGGRAPH_AUTH_TYPE is langsmith, but only the hosted product knows its users. Use auth.path of langgraph.json (custom) or GRAPHFLEET_API_KEYS.",
    );
  if (type === "custom" && project === null && keys === null)
    throw new Error(
      "LANGGRAPH_AUTH_TYPE is custom, but nobody is asked who is calling. Set auth.path of langgraph.json or GRAPHFLEET_API_KEYS.",
    );
  const security = settings?.openapi ?? null;
  if (project === null)
    return keys === null
      ? { login: openHouse, authorizer: allowAll, security }
      : { login: apiKeyLogin(keys), authorizer: allowAll, security: security ?? API_KEY_SECURITY };
  if (keys !== null)
    throw new Error("GRAPHFLEET_API_KEYS is for projects without auth, but auth.path is set. Take one of them away.");

  const authorizer = askHandlers(project.handlers, { timeoutMs });
  if (project.authenticate === null) {
    log.warn({}, "auth.path has no authenticate callback, so everybody may do everything and no handler is asked");
    return { login: openHouse, authorizer, security };
  }
  const letsStudioIn = studio && settings?.disable_studio_auth !== true;
  if (letsStudioIn) log.warn({}, "LangGraph Studio, and whoever says to be it, comes in without a login");

  const login = projectLogin({ authenticate: project.authenticate, studio: letsStudioIn, timeoutMs });
  const cache = settings?.cache;
  if (cache === undefined) return { login, authorizer, security };
  const remembered = rememberLogins(login, {
    // Studio's header decides too, or a studio user could be remembered for everybody.
    headers: letsStudioIn ? [...cache.cache_keys, "x-auth-scheme"] : cache.cache_keys,
    ttlMs: (cache.ttl_seconds ?? CACHE_TTL_SECONDS) * 1000,
    maxSize: cache.max_size ?? CACHE_SIZE,
  });
  return { login: remembered, authorizer, security };
}
