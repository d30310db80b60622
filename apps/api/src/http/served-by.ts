import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler } from "express";
import { outermost } from "./in-process-socket.js";

/** Its paths are its own, and may hold ids. */
const CUSTOM = "custom";

const servers = new WeakMap<IncomingMessage, Request | typeof CUSTOM>();

/** From here on the project's own app serves the request, unless our routes come to it after all. */
export const noteCustom: RequestHandler = (req, _res, next) => {
  servers.set(req, CUSTOM);
  next();
};

/** From here on our routes serve it; it may have come through the project's app. */
export const noteBuiltIn: RequestHandler = (req, _res, next) => {
  servers.set(outermost(req), req);
  next();
};

/** The template of the path that a request from outside was served under. */
export function templateOf(req: Request): string {
  const server = servers.get(req);
  if (server === CUSTOM) return CUSTOM;
  const route = server?.route as { readonly path?: unknown } | undefined;
  return typeof route?.path === "string" ? route.path : "unmatched";
}
