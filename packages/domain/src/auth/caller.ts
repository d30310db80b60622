import type { JsonObject } from "../json.js";

/** Who is asking. Made once per request by authentication, or once per firing from what a cron stored. */
export interface Caller {
  /** Stable name of the user, or null when nobody had to log in. */
  readonly identity: string | null;
  readonly permissions: readonly string[];
  /** What the authenticator returned; handed to graphs, never to clients. */
  readonly user: JsonObject | null;
  /** Request headers that become part of a run's configurable values (`x-*`, `user-agent`), secrets left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** With what the project's own encryption is to be asked when something is written for this caller. Stored in plain. */
  readonly encryptionContext?: JsonObject;
}

export const ANONYMOUS: Caller = { identity: null, permissions: [], user: null, headers: {} };

/** Configurable values that only the server may set begin like this: they tell who a run is for. */
const USER_KEYS = "langgraph_auth_";

/** Configurable values as somebody said them, without those that would pretend to be a user. */
export const withoutUser = (configurable: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(configurable).filter(([key]) => !key.startsWith(USER_KEYS)));
