import { setMaxListeners } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AppParts, buildApp } from "./app.js";

/*
 * How the API listens and stops.
 *
 * Stopping has to be quick and must cost clients nothing. No new connection is taken, `/ok` turns to 503, streams and
 * waiting bodies are cut so that their clients reconnect to another instance where they were, and ordinary requests
 * are finished. What is still open after the drain time is closed hard.
 */

export interface ApiParts extends AppParts {
  /** 0 picks a free one. */
  readonly port: number;
  /** Undefined listens on all addresses, IPv6 ones too where the machine has them. */
  readonly host: string | undefined;
  readonly drainMs?: number;
}

export interface Api {
  readonly port: number;
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;
/** Longer than the idle time of common balancers, so that it is never us who hang up on a request under way. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 80_000;

/** Serves the REST API. @throws when it cannot listen, with a sentence that says what to do. */
export async function startApi(parts: ApiParts): Promise<Api> {
  const stopping = new AbortController();
  // Every open stream listens to it, and there may be thousands.
  setMaxListeners(0, stopping.signal);
  const server = createServer(buildApp(parts, stopping.signal));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  // A run may take hours; silence on the way in is bounded by the time for headers.
  server.requestTimeout = 0;
  server.on("request", (_req, res: ServerResponse) => closeConnectionsWhen(stopping.signal, server, res));

  const port = await listen(server, parts);
  let closed: Promise<void> | undefined;
  return {
    port,
    close: () => (closed ??= drain(server, stopping, parts.drainMs ?? DRAIN_MS)),
  };
}

async function listen(server: Server, { port, host }: Pick<ApiParts, "port" | "host">): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(error, port, host)));
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
  server.removeAllListeners("error");
  return (server.address() as AddressInfo).port;
}

function cannotListen(error: NodeJS.ErrnoException, port: number, host: string | undefined): Error {
  const where = host === undefined ? `port ${port}` : `${host}, port ${port}`;
  if (error.code === "EADDRINUSE")
    return new Error(`Cannot listen on ${where}: another program does. Stop it, or set PORT to a free port.`, {
      cause: error,
    });
  return new Error(`Cannot listen on ${where}: ${error.message}`, { cause: error });
}

/** While stopping, a kept connection is no use: the answer says so, and the idle ones go at once. */
function closeConnectionsWhen(stopping: AbortSignal, server: Server, res: ServerResponse): void {
  if (stopping.aborted && !res.headersSent) res.setHeader("connection", "close");
  res.once("close", () => {
    if (stopping.aborted) setImmediate(() => server.closeIdleConnections());
  });
}

async function drain(server: Server, stopping: AbortController, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  stopping.abort();
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(deadline);
}
