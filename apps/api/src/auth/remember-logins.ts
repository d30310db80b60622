import { createHash } from "node:crypto";
import type { Login, LoginAttempt } from "./authenticate.js";

export interface RememberOptions {
  /** Names of the headers that tell callers apart. */
  readonly headers: readonly string[];
  readonly ttlMs: number;
  readonly maxSize: number;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

/**
 * Remembers who callers are by the values of some headers, so that a slow login is not asked for each request. Failures
 * are not remembered, and neither is a caller with none of these headers: all such callers would be one. Credentials
 * are kept as digests only.
 */
export function rememberLogins(login: Login, { headers, ttlMs, maxSize, now = Date.now }: RememberOptions): Login {
  const names = headers.map((name) => name.toLowerCase());
  const known = new Map<string, { readonly user: ReturnType<Login>; readonly until: number }>();

  return (attempt) => {
    const key = keyOf(attempt);
    if (key === null) return login(attempt);
    const before = known.get(key);
    if (before !== undefined && before.until > now()) return before.user;

    const entry = { user: login(attempt), until: now() + ttlMs };
    known.delete(key);
    known.set(key, entry);
    for (const oldest of known.keys()) {
      if (known.size <= maxSize) break;
      known.delete(oldest);
    }
    entry.user.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return entry.user;
  };

  function keyOf(attempt: LoginAttempt): string | null {
    const values = names.map((name) => attempt.headers[name] ?? null);
    if (values.every((value) => value === null)) return null;
    return createHash("sha256").update(JSON.stringify(values)).digest("base64");
  }
}
