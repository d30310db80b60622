import type { JsonObject } from "../json.js";
import type { Caller } from "./caller.js";
import { type Scope, WHOLE_HOUSE } from "./scope.js";

type Resource = "assistants" | "threads" | "crons" | "store";
type Action = "create" | "read" | "update" | "delete" | "search" | "create_run" | "put" | "get" | "list_namespaces";

/** What is about to happen, in the words that authorization handlers are registered under. */
export type AuthEvent = `${Resource}:${Action}`;

export interface Authorizer {
  /** It asks no code of the project, so it never takes long. */
  readonly asksNobody?: true;
  /**
   * Asks the project's handlers whether `caller` may do this. `value` is what will be read or written, in wire names.
   *
   * @returns the scope to apply, and `value` as the handlers left it.
   * @throws DomainError `forbidden` or `unauthenticated` when they refuse.
   */
  authorize<Value extends JsonObject>(
    caller: Caller,
    event: AuthEvent,
    value: Value,
  ): Promise<{ scope: Scope; value: Value }>;
}

/** For projects without authorization: everybody may do everything. */
export const allowAll: Authorizer = {
  asksNobody: true,
  authorize: (_caller, _event, value) => Promise.resolve({ scope: WHOLE_HOUSE, value }),
};
