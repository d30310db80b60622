import type { HttpSettings } from "@graphfleet/runtime";
import type { RequestHandler } from "express";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/** Browsers hide all other headers from the SDK, which needs these to page, to reconnect and to learn the run's id. */
const EXPOSED = ["content-location", "location", "x-pagination-total", "x-pagination-next", "x-request-id"];
const PREFLIGHT_SECONDS = 600;

type CorsSettings = NonNullable<HttpSettings["cors"]>;

/** Lets browsers of some origins in. `*` is everybody; what the project's `http.cors` says wins over `origins`. */
export function cors(origins: readonly string[], settings: CorsSettings = {}): RequestHandler {
  const isAllowed = allowing(settings, origins);
  const credentials = settings.allow_credentials === true;
  const methods = (settings.allow_methods ?? METHODS).join(", ");
  const exposed = [...new Set([...(settings.expose_headers ?? []).map((name) => name.toLowerCase()), ...EXPOSED])];
  const maxAge = String(settings.max_age ?? PREFLIGHT_SECONDS);
  const namedHeaders = settings.allow_headers?.includes("*") === true ? undefined : settings.allow_headers;
  // With credentials browsers take no star, so whoever asks is named.
  const star = isAllowed === everybody && !credentials;

  return (req, res, next) => {
    const { origin } = req.headers;
    if (!star) res.vary("Origin");
    if (star || (origin !== undefined && isAllowed(origin))) {
      res.setHeader("access-control-allow-origin", star ? "*" : String(origin));
      res.setHeader("access-control-expose-headers", exposed.join(", "));
      if (credentials) res.setHeader("access-control-allow-credentials", "true");
    }

    const isPreflight = req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return next();

    const allowed = namedHeaders?.join(", ") ?? req.get("access-control-request-headers") ?? "*";
    res.setHeader("access-control-allow-methods", methods.includes("*") ? METHODS.join(", ") : methods);
    res.setHeader("access-control-allow-headers", allowed);
    res.setHeader("access-control-max-age", maxAge);
    if (req.get("access-control-request-private-network") === "true")
      res.setHeader("access-control-allow-private-network", "true");
    res.status(204).end();
  };
}

const everybody = (): boolean => true;

function allowing(settings: CorsSettings, origins: readonly string[]): (origin: string) => boolean {
  if (settings.allow_origin_regex !== undefined) {
    // The whole origin has to match: "example.com" must not let example.com.evil.org in.
    const pattern = new RegExp(`^(?:${settings.allow_origin_regex})$`);
    return (origin) => pattern.test(origin);
  }
  const named = settings.allow_origins ?? origins;
  return named.includes("*") ? everybody : (origin) => named.includes(origin);
}
