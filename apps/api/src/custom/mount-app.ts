import type { HttpApp, NodeHandler } from "@graphfleet/runtime";
import type { RequestListener } from "node:http";
import { type RequestHandler, Router } from "express";
import { makeDispatch } from "./dispatch.js";
import { noteCustom } from "../http/served-by.js";
import { exposedAuth } from "./exposed-auth.js";
import { honoAppHandler, type HonoAppParts } from "./hono-app.js";

export interface MountAppParts extends Pick<HonoAppParts, "readBody" | "log"> {
  readonly app: HttpApp["app"];
  /** Our routes, as a server of their own. */
  readonly inner: RequestListener;
}

/** The project's own app, in front of our routes. What it does not answer goes on to `next`, or to `inner`. */
export function mountApp({ app, inner, readBody, log }: MountAppParts): RequestHandler {
  return Router().use(
    noteCustom,
    app.kind === "hono"
      ? honoAppHandler({ hono: app.hono, inner: makeDispatch(inner), readBody, log })
      : nodeAppHandler(app.handler),
  );
}

/** An Express app makes requests its own; for our routes they have to be ours again. */
function nodeAppHandler(handler: NodeHandler): RequestHandler {
  return (req, res, next) => {
    const auth = exposedAuth(req);
    if (auth !== null) Object.assign(req, { auth });
    const [request, response] = [Object.getPrototypeOf(req) as object, Object.getPrototypeOf(res) as object];
    return handler(req, res, (error) => {
      Object.setPrototypeOf(req, request);
      Object.setPrototypeOf(res, response);
      res.removeHeader("x-powered-by");
      next(error);
    });
  };
}
