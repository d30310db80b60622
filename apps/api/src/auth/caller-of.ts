import { ANONYMOUS, type AuthenticatedUser, type Caller } from "@graphfleet/domain";
import type { IncomingMessage } from "node:http";
import type { Request } from "express";

const users = new WeakMap<IncomingMessage, AuthenticatedUser | null>();
const callers = new WeakMap<Request, Caller>();

/** Who was found to send this request, null for nobody in particular; undefined while nobody asked. */
export const knownUser = (req: IncomingMessage): AuthenticatedUser | null | undefined => users.get(req);

/** Remembers for the rest of the request who is asking, and with which headers. */
export function setCaller(
  req: Request,
  user: AuthenticatedUser | null,
  headers: Readonly<Record<string, string>>,
): void {
  users.set(req, user);
  callers.set(req, { ...(user ?? ANONYMOUS), headers });
}

/**
 * Who is asking, with the headers that a graph may read.
 *
 * @throws when nobody asked them: a route that stands before the login would serve everybody.
 */
export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (caller === undefined) throw new Error(`${req.method} ${req.path} is served before it is known who asks`);
  return caller;
}
