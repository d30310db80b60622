import { createHash } from "node:crypto";
import { AuthRefusal, type AuthenticatedUser, userOf } from "@graphfleet/domain";
import type { Login, LoginAttempt } from "./authenticate.js";

/**
 * Keys for teams without auth of their own, by the SHA-256 of each: `ci:<64 hex digits>,ops:<64 hex digits>`. Whoever has one
 * may do everything, under its name. A name may have several keys, so that a new one works before the old one goes.
 *
 * @throws Error that names the entry, but not what it holds.
 */
export function parseApiKeys(text: string): ReadonlyMap<string, string> {
  const entries = text.split(",").filter((entry) => entry.trim() !== "");
  return new Map(
    entries.map((entry, index) => {
      const [, name, digest] = /^\s*([\w.-]+):([\da-f]{64})\s*$/i.exec(entry) ?? [];
      if (name === undefined || digest === undefined)
        throw new Error(
          `GRAPHFLEET_API_KEYS: entry ${index + 1} must be a name, a colon and the SHA-256 of a key in 64 hex digits`,
        );
      return [digest.toLowerCase(), name];
    }),
  );
}

/** Lets in whoever sends a key, as `X-Api-Key` or as a bearer token. `names` are by digest. */
export function apiKeyLogin(names: ReadonlyMap<string, string>): Login {
  const users = new Map<string, AuthenticatedUser>([...names].map(([digest, name]) => [digest, userOf(name)]));

  return async ({ headers }) => {
    const key = keyIn(headers);
    // Looked up by digest: how long that takes tells nothing about a key.
    const user = key === null ? undefined : users.get(createHash("sha256").update(key).digest("hex"));
    if (user !== undefined) return user;
    throw new AuthRefusal(401, key === null ? "An API key is needed" : "This API key is not known", {
      "www-authenticate": "Bearer",
    });
  };
}

function keyIn(headers: LoginAttempt["headers"]): string | null {
  const sent = headers["x-api-key"];
  if (typeof sent === "string" && sent !== "") return sent;
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? null;
}
