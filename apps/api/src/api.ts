import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AppParts, buildApp } from "./app.js";
import { makeDispatch } from "./custom/dispatch.js";
import type { Loopback } from "./custom/loopback.js";
import { makeStages, type Stages } from "./stopping.js";

/*
 * How the API listens and stops.
 *
 * Stopping costs clients nothing when somebody balances between two of us. `/ok` turns to 503 at once, and requests are
 * still taken for a while, because balancers hear of it late. Then no new connection is taken and streams are cut: their
 * clients go on where they were, at another instance. Requests that wait for a run have no such place, so they get time
 * to end; ordinary requests are finished. What is still open after the drain time is closed hard.
 */

export interface ApiParts extends AppParts {
  /** 0 picks a free one. */
  readonly port: number;
  /** Undefined listens on all addresses, IPv6 ones too where the machine has them. */
  readonly host: string | undefined;
  readonly shutdown?: Partial<Shutdown>;
  /** Told how to serve code of this process. */
  readonly loopback?: Loopback;
  /** How the delay is waited for; tests bring their own. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** How long each part of stopping takes, in milliseconds. */
export interface Shutdown {
  /** Requests are taken for so long after the stop was asked for. */
  readonly delayMs: number;
  /** After that, requests that wait for a run may take so long. */
  readonly graceMs: number;
  /** After that, everything else. */
  readonly drainMs: number;
}

export interface Api {
  readonly port: number;
  close(): Promise<void>;
}

const SHUTDOWN: Shutdown = { delayMs: 0, graceMs: 0, drainMs: 10_000 };
/** Longer than the idle time of common balancers, so that it is never us who hang up on a request under way. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 80_000;

/** Serves the REST API. @throws when it cannot listen, with a sentence that says what to do. */
export async function startApi(parts: ApiParts): Promise<Api> {
  const stages = makeStages();
  const app = buildApp(parts, stages);
  const server = createServer(app);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  // A run may take hours; silence on the way in is bounded by the time for headers.
  server.requestTimeout = 0;
  // Before the app, which may answer at once.
  server.prependListener("request", (_req, res: ServerResponse) => closeConnectionsWhen(stages, server, res));

  const port = await listen(server, parts);
  parts.loopback?.serve(makeDispatch(app));
  let closed: Promise<void> | undefined;
  return {
    port,
    close: () => (closed ??= drain(server, stages, { ...SHUTDOWN, ...parts.shutdown }, parts.pause ?? sleep)),
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

/** Of a server that leaves, a kept connection is no use: the answer says so. Once it takes no more, idle ones go at once. */
function closeConnectionsWhen({ leaving, streams }: Stages, server: Server, res: ServerResponse): void {
  if (leaving.aborted) res.setHeader("connection", "close");
  res.once("close", () => {
    if (streams.aborted) setImmediate(() => server.closeIdleConnections());
  });
}

async function drain(
  server: Server,
  stages: Stages,
  { delayMs, graceMs, drainMs }: Shutdown,
  pause: (ms: number) => Promise<unknown>,
): Promise<void> {
  stages.leave();
  if (delayMs > 0) await pause(delayMs);
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  stages.endStreams();
  if (graceMs === 0) stages.endWaits();
  const lastCall = setTimeout(() => stages.endWaits(), graceMs);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs + drainMs);
  await closed;
  clearTimeout(lastCall);
  clearTimeout(deadline);
}
