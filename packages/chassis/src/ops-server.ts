import { createServer } from "node:http";

import type { Metrics } from "./metrics.js";
import { messageOf } from "./message-of.js";

export interface OpsOptions {
  readonly metrics: Metrics;
  /** While aborted, /ok answers 503: the process serves nobody new. */
  readonly stopping?: AbortSignal;
  /** Asked at every /ok: is this process doing its job? Throw or reject with the reason when it is not. */
  readonly healthy?: () => unknown;
  /** Asked when /ok?check_db=1: each throws or rejects when its service cannot be reached. */
  readonly services?: Readonly<Record<string, () => unknown>>;
}

export interface OpsServer {
  /** 0 when the server is off. */
  readonly port: number;
  close(): Promise<void>;
}

export interface OpsAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves /ok and /metrics for a process without an HTTP API of its own. Port 0 means off; without a host it listens on
 * all addresses, as the API does.
 *
 * /ok does not ask the databases unless told to (?check_db=1): an outage of Postgres must not make the orchestrator
 * restart every worker.
 */
export async function startOpsServer(
  options: OpsOptions & { readonly port: number; readonly host?: string },
): Promise<OpsServer> {
  if (options.port === 0) return { port: 0, close: () => Promise.resolve() };

  const server = createServer((request, response) => {
    void answerOps(options, request.method ?? "GET", request.url ?? "/").then(({ status, type, body }) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`Cannot listen on ops port ${options.port}: ${error.message}`, { cause: error }));
    });
    server.listen({ port: options.port, ...(options.host === undefined ? {} : { host: options.host }) }, resolve);
  });
  return {
    port: options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the ops server says to a request. Never rejects. */
export async function answerOps(options: OpsOptions, method: string, url: string): Promise<OpsAnswer> {
  const { pathname, searchParams } = new URL(url, "http://ops");
  if (method !== "GET" && method !== "HEAD") return json(405, { detail: "Only GET is served here" });
  try {
    if (pathname === "/metrics") {
      return { status: 200, type: options.metrics.contentType, body: await options.metrics.text() };
    }
    if (pathname === "/ok") return await health(options, searchParams.get("check_db"));
  } catch (error) {
    return json(500, { ok: false, detail: messageOf(error) });
  }
  return json(404, { detail: "Not Found" });
}

async function health(options: OpsOptions, checkDb: string | null): Promise<OpsAnswer> {
  if (options.stopping?.aborted === true) return json(503, { ok: false, detail: "stopping" });
  await options.healthy?.();
  if (checkDb === null || checkDb === "0" || checkDb === "false") return json(200, { ok: true });

  const checks = Object.entries(options.services ?? {}).map(async ([name, check]) => {
    try {
      await check();
      return [name, "ok"] as const;
    } catch (error) {
      return [name, messageOf(error)] as const;
    }
  });
  const services = Object.fromEntries(await Promise.all(checks));
  const ok = Object.values(services).every((said) => said === "ok");
  return json(ok ? 200 : 500, { ok, services });
}

const json = (status: number, body: object): OpsAnswer => ({
  status,
  type: "application/json",
  body: JSON.stringify(body),
});
