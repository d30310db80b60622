import { ANONYMOUS, type AuthenticatedUser, type Caller, type JsonObject } from "@graphfleet/domain";
import type { IncomingMessage } from "node:http";
import type { Request } from "express";

const users = new WeakMap<IncomingMessage, AuthenticatedUser | null>();
const contexts = new WeakMap<IncomingMessage, JsonObject>();
const callers = new WeakMap<Request, Caller>();

/** Who was found to send this request, null for nobody in particular; undefined while nobody asked. */
export const knownUser = (req: IncomingMessage): AuthenticatedUser | null | undefined => users.get(req);

/** For whom the project's encryption was told that this request is; undefined while nobody told. */
export const knownContext = (req: IncomingMessage): JsonObject | undefined => contexts.get(req);

/** Remembers for the rest of the request who is asking, with which headers, and how what it writes is encrypted. */
export function setCaller(
  req: Request,
  user: AuthenticatedUser | null,
  headers: Readonly<Record<string, string>>,
  encryptionContext?: JsonObject,
): void {
  users.set(req, user);
  if (encryptionContext !== undefined) contexts.set(req, encryptionContext);
  callers.set(req, {
    ...(user ?? ANONYMOUS),
    headers,
    ...(encryptionContext === undefined ? {} : { encryptionContext }),
  });
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
