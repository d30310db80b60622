import type { AuthenticatedUser } from "@graphfleet/domain";
import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";
import type { ReadBody } from "../http/body.js";
import { setCaller } from "./caller-of.js";
import { toWebRequest } from "./web-request.js";

/** What a login may look at. */
export interface LoginAttempt {
  readonly headers: IncomingHttpHeaders;
  /** The request in the form that the web knows. Its body is read only if somebody asks for it. */
  readonly toRequest: () => Request;
}

/** Finds out who is asking; null for nobody in particular. @throws AuthRefusal for those who may not come in. */
export type Login = (attempt: LoginAttempt) => Promise<AuthenticatedUser | null>;

/** For servers that everybody may use. */
export const openHouse: Login = () => Promise.resolve(null);

/**
 * Asks once per request who is calling; what comes after this needs an answer. Mount it behind what is open to everybody.
 * Besides that, the questions that browsers ask before they ask, and the files of generative user interfaces, need none.
 */
export function authenticate({
  login,
  readBody,
}: {
  readonly login: Login;
  readonly readBody: ReadBody;
}): RequestHandler {
  return async (req, res, next) => {
    const isOpen = req.method === "OPTIONS" || (req.method === "GET" && req.path.startsWith("/ui/"));
    const attempt = { headers: req.headers, toRequest: () => toWebRequest(req, () => readBody(req, res)) };
    setCaller(req, isOpen ? null : await login(attempt));
    next();
  };
}
