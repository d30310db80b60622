import type { HeaderRules } from "@graphfleet/runtime";
import type { IncomingHttpHeaders } from "node:http";

/** Takes some of a request's headers, by name in lower case. */
export type PickHeaders = (headers: IncomingHttpHeaders) => Record<string, string>;

/** Secrets: no pattern is wide enough for them, they have to be named in full. */
const SECRET = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key", "x-service-key", "x-tenant-id"]);

const isUsual = (name: string): boolean => name.startsWith("x-") || name === "user-agent";

export const noHeaders: PickHeaders = () => ({});

/** The headers that rules let through; null rules let the usual ones through: `x-*` and `user-agent`. */
export function pickHeaders(rules: HeaderRules | null): PickHeaders {
  const named = new Set(rules?.includes);
  const included = rules?.includes?.map(toPattern) ?? null;
  const excluded = rules?.excludes.map(toPattern) ?? [];

  const isTaken = (name: string): boolean => {
    if (excluded.some((pattern) => pattern.test(name))) return false;
    if (SECRET.has(name)) return named.has(name);
    return included === null ? isUsual(name) : included.some((pattern) => pattern.test(name));
  };

  return (headers) => {
    const picked: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === "string" && isTaken(name)) picked[name] = value;
    }
    return picked;
  };
}

/** `*` stands for anything; names are compared in lower case. */
const toPattern = (written: string): RegExp =>
  new RegExp(
    `^${written
      .toLowerCase()
      .replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")}$`,
  );
