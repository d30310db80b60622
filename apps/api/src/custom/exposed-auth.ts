import type { IncomingMessage } from "node:http";
import type { JsonObject } from "@graphfleet/domain";
import { knownUser } from "../auth/caller-of.js";

/** What the project's own routes are told about the caller. */
export interface ExposedAuth {
  readonly user: JsonObject;
  readonly scopes: readonly string[];
}

/** Null while nobody asked who is calling, and for nobody in particular. */
export function exposedAuth(req: IncomingMessage): ExposedAuth | null {
  const known = knownUser(req);
  return known?.user ? { user: known.user, scopes: known.permissions } : null;
}
