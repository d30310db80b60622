import { ANONYMOUS, type Caller } from "@graphfleet/domain";
import type { Request } from "express";

/** Headers that carry secrets of the deployment, not settings of a run. */
const SECRET = new Set(["x-api-key", "x-tenant-id", "x-service-key"]);

/**
 * Who is asking. Nobody has to log in yet, so everybody is anonymous; the headers that a graph may read (`x-*` and
 * `user-agent`, in lower case) come along.
 */
export function callerOf(req: Request): Caller {
  return { ...ANONYMOUS, headers: configurableHeaders(req.headers) };
}

function configurableHeaders(headers: Request["headers"]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string" || SECRET.has(name)) continue;
    if (name.startsWith("x-") || name === "user-agent") picked[name] = value;
  }
  return picked;
}
