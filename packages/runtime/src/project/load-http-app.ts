import { loadNamed } from "./load-named.js";
import type { ProjectConfig } from "./project-config.js";

/** As far as we use a Hono app. The project brings its own copy, so its class tells nothing. */
export interface HonoApp {
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
  use(path: string, middleware: HonoHandler): unknown;
  all(path: string, handler: HonoHandler): unknown;
  route(path: string, app: HonoApp): unknown;
  onError(handler: (error: unknown) => Response | Promise<Response>): unknown;
  readonly getPath?: unknown;
}

export interface HonoContext {
  readonly req: {
    /** What middleware may have replaced. */
    raw: Request;
    readonly bodyCache: object;
    json(): Promise<unknown>;
    arrayBuffer(): Promise<ArrayBuffer>;
  };
  readonly env: unknown;
  set(name: string, value: unknown): void;
}

export type HonoHandler = (context: HonoContext, next: () => Promise<void>) => unknown;

/** An Express app, or any `(req, res, next)`. */
export type NodeHandler = (req: object, res: object, next: (error?: unknown) => void) => unknown;

/** The project's own web app, and what it wants to do when a process starts and stops. */
export interface HttpApp {
  /** As written in langgraph.json. */
  readonly name: string;
  readonly app:
    { readonly kind: "hono"; readonly hono: HonoApp } | { readonly kind: "node"; readonly handler: NodeHandler };
  onStartup(): Promise<void>;
  onShutdown(): Promise<void>;
}

const HONO_METHODS = ["fetch", "use", "all", "route", "onError"];
/** How many parameters Express tells an error handler by; nobody could call it. */
const ERROR_HANDLER_PARAMETERS = 4;

/**
 * Loads what `http.app` of the project names; null when it names nothing. Its module may also export `onStartup` and
 * `onShutdown`, for the API's and the workers' processes.
 *
 * @throws ProjectError when there is no such export, when it does not load, or when it is nothing that can be served.
 */
export async function loadHttpApp(
  project: Pick<ProjectConfig, "http" | "configPath" | "dir">,
): Promise<HttpApp | null> {
  const { target } = project.http;
  if (target === null) return null;

  const { name, exported, all, problem } = await loadNamed("HTTP app", target, project);
  const app = appOf(exported);
  if (app === null)
    throw problem(": it is neither a Hono app, nor an Express app, nor a function (req, res, next) => …. Export one.");

  const hook = (hookName: string) => {
    const found = all[hookName];
    if (found !== undefined && typeof found !== "function") throw problem(`: its ${hookName} is no function`);
    return async () => void (await (found as (() => unknown) | undefined)?.());
  };
  return { name, app, onStartup: hook("onStartup"), onShutdown: hook("onShutdown") };
}

function appOf(exported: unknown): HttpApp["app"] | null {
  if (isHono(exported)) return { kind: "hono", hono: exported };
  if (typeof exported !== "function" || exported.length >= ERROR_HANDLER_PARAMETERS) return null;
  return { kind: "node", handler: exported as NodeHandler };
}

const isHono = (exported: unknown): exported is HonoApp =>
  typeof exported === "object" &&
  exported !== null &&
  HONO_METHODS.every((name) => typeof (exported as Record<string, unknown>)[name] === "function");
