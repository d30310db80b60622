import { forbidden } from "../errors.js";
import { isObject, type JsonObject } from "../json.js";
import type { AuthEvent, Authorizer } from "./authorizer.js";
import { toScope } from "./filter.js";
import { inTime } from "./in-time.js";
import { refusalOf } from "./refusal.js";
import { type Scope, WHOLE_HOUSE } from "./scope.js";

/** What an authorization handler of the project is told. `value` is its own to change. */
export interface AuthQuestion {
  readonly event: AuthEvent;
  readonly resource: string;
  readonly action: string;
  readonly value: Record<string, unknown>;
  readonly permissions: readonly string[];
  readonly user: JsonObject;
}

/** Allows with nothing or `true`, refuses with `false` or by throwing, and narrows with a filter. May be async. */
export type AuthHandler = (question: AuthQuestion) => unknown;

/** Handlers by what they are registered for: `threads:create`, `threads`, `*:create` or `*`. */
export type AuthHandlers = Readonly<Record<string, AuthHandler | undefined>>;

export interface AskOptions {
  /** How long a handler may take. */
  readonly timeoutMs: number;
}

/** How long code of the project may think about a caller, where nobody says otherwise. */
export const AUTH_TIMEOUT_MS = 10_000;

/**
 * Asks the project's handlers. The most specific one is asked, and no other. Without one, or when nobody had to log in,
 * everything is allowed.
 */
export function askHandlers(
  handlers: AuthHandlers,
  { timeoutMs }: AskOptions = { timeoutMs: AUTH_TIMEOUT_MS },
): Authorizer {
  return {
    async authorize(caller, event, value) {
      const handler = handlerFor(event, handlers);
      if (handler === undefined || caller.user === null) return { scope: WHOLE_HOUSE, value };

      const [resource = "", action = ""] = event.split(":");
      const theirs = structuredClone<Record<string, unknown>>(value);
      const permissions = [...caller.permissions];
      const said = await ask(handler, timeoutMs, {
        event,
        resource,
        action,
        value: theirs,
        permissions,
        user: structuredClone(caller.user),
      });
      return { scope: scopeOf(said, event), value: leftBy(theirs) };
    },
  };
}

function handlerFor(event: AuthEvent, handlers: AuthHandlers): AuthHandler | undefined {
  const [resource = "", action = ""] = event.split(":");
  const key = [event, resource, `*:${action}`, "*"].find((name) => Object.hasOwn(handlers, name) && handlers[name]);
  return key === undefined ? undefined : handlers[key];
}

async function ask(handler: AuthHandler, timeoutMs: number, question: AuthQuestion): Promise<unknown> {
  try {
    return await inTime(`The auth handler for ${question.event}`, timeoutMs, handler(question));
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

/** @throws DomainError `forbidden`; TypeError for an answer that means nothing. */
function scopeOf(said: unknown, event: AuthEvent): Scope {
  if (said === undefined || said === null || said === true) return WHOLE_HOUSE;
  if (said === false) throw forbidden();
  if (!isObject(said))
    throw new TypeError(
      `The auth handler for ${event} returned ${typeof said}; it has to return nothing, true, false or a filter`,
    );
  return toScope(said, `The filter that the auth handler for ${event} returned`);
}

/**
 * The value as the handler left it, made JSON again: what JSON cannot hold vanishes. The type is a wish: a handler may leave
 * anything, and whoever uses a member looks at it first.
 */
function leftBy<Value extends JsonObject>(value: Record<string, unknown>): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
