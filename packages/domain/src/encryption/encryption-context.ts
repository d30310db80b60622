import { AsyncLocalStorage } from "node:async_hooks";
import type { AuthenticatedUser } from "../auth/user.js";
import { invalidRequest } from "../errors.js";
import { isObject, type JsonObject } from "../json.js";
import type { SealedKind } from "./cipher.js";
import { callHandler, type EncryptionContext, EncryptionFailed, type EncryptionHandlers } from "./handlers.js";

/*
 * For whom something is sealed: known where a request comes in or a run is claimed, and needed wherever something is
 * written on its behalf, graphs' own writes included. To open something nobody needs it: it is stored along.
 */
const current = new AsyncLocalStorage<JsonObject>();

/** Does `work` on behalf of a request: what is sealed meanwhile is sealed with its context. */
export const sealingFor = <T>(metadata: JsonObject | undefined, work: () => T): T => current.run(metadata ?? {}, work);

/** The context of the request that this is done for; empty for what the server does on its own. */
export const sealingMetadata = (): JsonObject => current.getStore() ?? {};

const MODELS = {
  assistant: "assistant",
  checkpoint: "checkpoint",
  cron: "cron",
  item: "store",
  run: "run",
  tape: "run",
  thread: "thread",
} as const satisfies Record<SealedKind, EncryptionContext["model"]>;

/** What a handler is told of something that is sealed now. */
export const contextOf = (kind: SealedKind, field: string | null): EncryptionContext => ({
  model: MODELS[kind],
  field,
  metadata: sealingMetadata(),
});

/** Finds out the context of a request. @throws DomainError `invalid_request` or `encryption_failed`. */
export type ContextFor = (header: string | undefined, user: AuthenticatedUser | null) => Promise<JsonObject>;

/** What the handlers make of the header; null where there are none, and nobody needs to know. */
export function contextFor(handlers: EncryptionHandlers | null): ContextFor | null {
  if (handlers === null) return null;
  return async (header, user) => {
    const context: EncryptionContext = { model: null, field: null, metadata: metadataIn(header) };
    if (handlers.context === undefined) return context.metadata;
    const found: unknown = await callHandler("context", context, () => handlers.context?.(facts(user), context));
    if (!isObject(found)) throw new EncryptionFailed("context", context, "returned no object");
    return found;
  };
}

const facts = (user: AuthenticatedUser | null): JsonObject | null =>
  user && { identity: user.identity, permissions: user.permissions, ...user.user };

function metadataIn(header: string | undefined): JsonObject {
  if (header === undefined || header === "") return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(header, "base64").toString("utf8"));
    if (isObject(value)) return value;
  } catch {
    // Told below: what is no JSON is no object either.
  }
  throw invalidRequest("X-Encryption-Context must be a JSON object in base64");
}
