import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { sendProblem } from "./problem.js";

const REASON =
  "This server does not speak WebSocket, neither on its own routes nor on those of http.app. Stream with server-sent events.";

/**
 * Answers the handshake of a WebSocket with 400, as RFC 6455 (4.2.1) has it, and hangs up; no route sees it. A route would take
 * it for an ordinary GET, and answer what its client cannot make sense of. Not a 5xx: a stranger who knocks is no failure of this
 * server. Other upgrades, as to HTTP/2, may be ignored and are.
 */
export const noWebSockets: RequestHandler = (req, res, next) => {
  if (!isHandshake(req)) return next();
  res.setHeader("connection", "close");
  sendProblem(req, res, 400, REASON);
};

const isHandshake = ({ method, headers }: IncomingMessage): boolean =>
  method === "GET" && names(headers.upgrade, "websocket") && names(headers.connection, "upgrade");

/** Whether a list of tokens, as some headers hold it, has this one. */
const names = (list: string | undefined, token: string): boolean =>
  list?.split(",").some((one) => one.trim().toLowerCase() === token) === true;
