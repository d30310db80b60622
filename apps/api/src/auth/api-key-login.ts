import { createHash } from "node:crypto";
import { AuthRefusal, userOf } from "@graphfleet/domain";
import type { ApiKeys } from "./api-keys.js";
import type { Login, LoginAttempt } from "./authenticate.js";

/** Lets in whoever sends a key, as `X-Api-Key` or as a bearer token. */
export function apiKeyLogin(keys: Pick<ApiKeys, "nameOf">): Login {
  return async ({ headers }) => {
    const key = keyIn(headers);
    // Looked up by digest: how long that takes tells nothing about a key.
    const name = key === null ? undefined : keys.nameOf(createHash("sha256").update(key).digest("hex"));
    if (name !== undefined) return userOf(name);
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
