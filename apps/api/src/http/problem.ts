import { AuthRefusal, DomainError, type ErrorCode, type Log } from "@graphfleet/domain";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { cut } from "./disconnect.js";

const STATUS = {
  malformed_request: 400,
  invalid_request: 422,
  unauthenticated: 401,
  forbidden: 403,
  assistant_not_found: 404,
  graph_not_found: 404,
  thread_not_found: 404,
  run_not_found: 404,
  cron_not_found: 404,
  delivery_not_found: 404,
  item_not_found: 404,
  route_not_found: 404,
  thread_busy: 409,
  already_exists: 409,
  conflict: 409,
  too_large: 413,
  // The graph's own code said no. Trying again gives the same answer, so it is not a 5xx, which clients repeat.
  graph_failed: 422,
  embedding_failed: 422,
  encryption_failed: 500,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

/** Seconds after which a client should try again when a part of the server is away. */
const RETRY_AFTER_SECONDS = 2;

/** The one place where an error becomes an HTTP response. */
export function problemHandler(log: Log): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  // oxlint-disable-next-line no-unused-vars
  return (error: unknown, req, res, _next) => {
    const { status, message } = problemOf(error);
    const requestId = res.getHeader("x-request-id");
    if (status >= 500)
      log.error({ err: error, method: req.method, path: req.path, request_id: requestId }, "request failed");
    if (res.headersSent) return cut(res);

    if (error instanceof AuthRefusal) res.set(error.headers);
    if (status === 503) res.setHeader("retry-after", String(RETRY_AFTER_SECONDS));
    // The project's own words, or ours where it could have had some: always in the form that says so.
    if (isOfAuth(error)) res.status(status).json({ detail: message });
    else sendProblem(req, res, status, message);
  };
}

/** Answers with a message, in the form that this client reads: bare text for the JS SDK, `{"detail"}` for Python. */
export function sendProblem(req: Request, res: Response, status: number, message: string): void {
  res.status(status);
  if (wantsJson(req)) res.json({ detail: message });
  else res.type("text/plain").send(message);
}

/** For paths that nobody serves. */
export const unknownRoute: RequestHandler = (req) => {
  throw new DomainError("route_not_found", "404 Not Found", { path: req.path });
};

const isOfAuth = (error: unknown): boolean =>
  error instanceof DomainError && (error.code === "unauthenticated" || error.code === "forbidden");

function problemOf(error: unknown): { status: number; message: string } {
  if (error instanceof AuthRefusal) return { status: error.status, message: error.message };
  if (error instanceof DomainError) return { status: STATUS[error.code], message: error.message };

  // Express and its parsers mark what the client did wrong: a path that cannot be decoded, a body cut short.
  const marked = error as { status?: unknown; message?: unknown } | undefined;
  if (typeof marked?.status === "number" && marked.status >= 400 && marked.status < 500)
    return { status: marked.status, message: String(marked.message) };
  return { status: 500, message: "Internal Server Error" };
}

/** `Accept` has to name JSON; a wildcard says nothing, for that is what every client sends by default. */
function wantsJson(req: Request): boolean {
  if (req.headers["user-agent"]?.startsWith("langgraph-sdk-py") === true) return true;
  return req.headers.accept?.toLowerCase().includes("application/json") === true;
}
