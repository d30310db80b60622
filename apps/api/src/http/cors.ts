import type { RequestHandler } from "express";

const METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";
/** Browsers hide all other headers from the SDK, which needs these to page, to reconnect and to learn the run's id. */
const EXPOSED = "content-location, location, x-pagination-total, x-pagination-next, x-request-id";
const PREFLIGHT_SECONDS = 600;

/** Lets browsers of the given origins in. `*` is everybody. */
export function cors({ origins }: { readonly origins: readonly string[] }): RequestHandler {
  const everybody = origins.includes("*");

  return (req, res, next) => {
    const { origin } = req.headers;
    if (!everybody) res.vary("Origin");
    if (everybody || (origin !== undefined && origins.includes(origin))) {
      res.setHeader("access-control-allow-origin", everybody ? "*" : String(origin));
      res.setHeader("access-control-expose-headers", EXPOSED);
    }

    const isPreflight = req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return next();

    res.setHeader("access-control-allow-methods", METHODS);
    res.setHeader("access-control-allow-headers", req.get("access-control-request-headers") ?? "*");
    res.setHeader("access-control-max-age", String(PREFLIGHT_SECONDS));
    if (req.get("access-control-request-private-network") === "true")
      res.setHeader("access-control-allow-private-network", "true");
    res.status(204).end();
  };
}
