import { ANONYMOUS, type AuthenticatedUser, type Caller } from "@graphfleet/domain";
import type { Request } from "express";

/** Headers that carry secrets of the deployment, not settings of a run. */
const SECRET = new Set(["x-api-key", "x-tenant-id", "x-service-key"]);

const callers = new WeakMap<Request, Caller>();

/** Remembers for the rest of the request who is asking; null for nobody in particular. */
export function setCaller(req: Request, user: AuthenticatedUser | null): void {
  callers.set(req, { ...(user ?? ANONYMOUS), headers: configurableHeaders(req.headers) });
}

/**
 * Who is asking, with the headers that a graph may read: `x-*` and `user-agent`, in lower case.
 *
 * @throws when nobody asked them: a route that stands before the login would serve everybody.
 */
export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (caller === undefined) throw new Error(`${req.method} ${req.path} is served before it is known who asks`);
  return caller;
}

function configurableHeaders(headers: Request["headers"]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string" || SECRET.has(name)) continue;
    if (name.startsWith("x-") || name === "user-agent") picked[name] = value;
  }
  return picked;
}
