import { isObject, type JsonObject } from "../json.js";
import type { Caller } from "./caller.js";
import { AuthRefusal } from "./refusal.js";

/** Who somebody turned out to be: a caller without what came along in this one request. */
export type AuthenticatedUser = Omit<Caller, "headers">;

/** Whoever comes from Studio, where that is let in without a login. */
export const STUDIO_USER: AuthenticatedUser = userOf({
  kind: "StudioUser",
  identity: "langgraph-studio-user",
  display_name: "langgraph-studio-user",
  is_authenticated: true,
  permissions: [],
});

/**
 * What an authenticator returned, as a user: a name, or an object with an `identity`. Everything else in the object is kept,
 * as far as JSON can hold it: it is stored with the user's runs.
 *
 * @throws AuthRefusal with status 500 for anything else: that is a mistake of the project, and lets nobody in.
 */
export function userOf(answer: unknown): AuthenticatedUser {
  const given = typeof answer === "string" ? { identity: answer } : plainCopy(answer);
  const identity = given?.["identity"];
  if (given === null || typeof identity !== "string" || identity === "")
    throw new AuthRefusal(
      500,
      "Invalid auth response: `authenticate` has to return a name, or an object whose `identity` is a name",
    );
  const listed = given["permissions"];
  const permissions = Array.isArray(listed) ? listed.filter((one) => typeof one === "string") : [];
  const user: JsonObject = {
    ...given,
    permissions,
    is_authenticated: given["is_authenticated"] ?? true,
    display_name: given["display_name"] ?? identity,
  };
  return { identity, permissions, user };
}

function plainCopy(answer: unknown): JsonObject | null {
  if (!isObject(answer)) return null;
  const copy: unknown = JSON.parse(JSON.stringify(answer));
  return isObject(copy) ? copy : null;
}
