import { type AuthenticatedUser, type ContextFor, sealingFor } from "@graphfleet/domain";
import type { IncomingHttpHeaders } from "node:http";
import type { Request as ExpressRequest, RequestHandler } from "express";
import type { ReadBody } from "../http/body.js";
import type { PickHeaders } from "../http/header-rules.js";
import { outermost } from "../http/in-process-socket.js";
import { knownContext, knownUser, setCaller } from "./caller-of.js";
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

export interface AuthenticateOptions {
  readonly login: Login;
  readonly readBody: ReadBody;
  /** Which headers the caller's runs will see. */
  readonly runHeaders: PickHeaders;
  /** How the project's own encryption tells requests apart; absent when it does not. */
  readonly contextFor?: ContextFor | null;
}

/**
 * Asks once per request who is calling; what comes after this needs an answer. Mount it behind what is open to everybody.
 * Besides that, the questions that browsers ask before they ask, and the files of generative user interfaces, need none.
 * Where it was asked further out, the answer stands; only the headers are looked at again.
 * What is written from here on is encrypted for this request.
 */
export function authenticate({ login, readBody, runHeaders, contextFor }: AuthenticateOptions): RequestHandler {
  return async (req, res, next) => {
    const known = knownUser(outermost(req));
    const attempt = { headers: req.headers, toRequest: () => toWebRequest(req, () => readBody(req, res)) };
    const user = known !== undefined ? known : isOpen(req) ? null : await login(attempt);
    const context =
      knownContext(outermost(req)) ?? (isOpen(req) ? undefined : await contextFor?.(contextHeader(req), user));
    setCaller(req, user, runHeaders(req.headers), context);
    sealingFor(context, next);
  };
}

/**
 * The same, in front of everything. What is `open` to everybody passes without an answer, so that it is asked again if it
 * turns into something else on its way.
 */
export function authenticateFirst({
  open,
  ...options
}: AuthenticateOptions & { readonly open: readonly string[] }): RequestHandler {
  const ask = authenticate(options);
  const isListed = ({ method, path }: ExpressRequest): boolean => method === "GET" && open.includes(path);
  return (req, res, next) => (isOpen(req) || isListed(req) ? next() : ask(req, res, next));
}

const contextHeader = ({ headers }: ExpressRequest): string | undefined => {
  const header = headers["x-encryption-context"];
  return Array.isArray(header) ? header[0] : header;
};

const isOpen = ({ method, path }: ExpressRequest): boolean =>
  method === "OPTIONS" || (method === "GET" && path.startsWith("/ui/"));
