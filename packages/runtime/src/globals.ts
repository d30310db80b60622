import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";

/*
 * What LangGraph's SDK looks for in a process that serves graphs: how its clients reach the server when they are given no
 * URL, and a logger. It finds both under symbols of the global object, whatever copy of it a project brings.
 */
const FETCH = Symbol.for("langgraph_api:fetch");
const URL_OF_API = Symbol.for("langgraph_api:url");
const LOGGER = Symbol.for("langgraph.api.sdk-logger");

const define = (name: symbol, value: unknown): void => void Object.assign(globalThis, { [name]: value });

/** Lets `new Client()` without a URL reach this fleet. Call it before the project's modules are loaded. */
export function offerApi({ fetch, url }: { readonly fetch: typeof globalThis.fetch; readonly url: string }): void {
  define(FETCH, fetch);
  define(URL_OF_API, url);
}

/** Reaches the API over the network: for processes that do not serve it. Null: nobody said where it is. */
export function remoteApi(apiUrl: string | null): { readonly fetch: typeof globalThis.fetch; readonly url: string } {
  if (apiUrl === null)
    return {
      url: "http://localhost:8123",
      fetch: () => Promise.reject(new Error("LANGGRAPH_API_URL is not set, so this process does not know its API")),
    };
  const url = apiUrl.replace(/\/+$/, "");
  return {
    url,
    fetch: (input, init) => fetch(typeof input === "string" && input.startsWith("/") ? `${url}${input}` : input, init),
  };
}

/** What we need of a logger to offer it to graphs. */
export interface GraphLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** The SDK's levels, and ours for them. */
const LEVELS = {
  error: "error",
  warn: "warn",
  help: "info",
  data: "info",
  info: "info",
  prompt: "info",
  input: "info",
  http: "debug",
  verbose: "debug",
  debug: "debug",
  silly: "debug",
} as const satisfies Record<string, keyof GraphLog>;

/** Lets `getLogger()` of the SDK write to our log. Lines tell which run and which node they come from. */
export function offerLogger(log: GraphLog): void {
  const logger: Record<string, (...said: readonly unknown[]) => unknown> = {};
  for (const [name, level] of Object.entries(LEVELS)) {
    logger[name] = (...said) => {
      const message = said.filter((one) => typeof one !== "object" || one === null).map(String);
      const details = said.filter((one) => typeof one === "object" && one !== null);
      const extra = Object.assign({}, ...details.map(toFields)) as object;
      log[level]({ ...extra, ...whereabouts() }, message.length > 0 ? message.join(" ") : "a graph says");
      return logger;
    };
  }
  define(LOGGER, logger);
}

const toFields = (value: object): object => (value instanceof Error ? { err: value } : value);

const NAMED = ["run_id", "thread_id", "assistant_id", "graph_id", "langgraph_node"];

/** Of the node that is executing, if one is. */
function whereabouts(): Record<string, unknown> {
  const config: unknown = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  const metadata = (config as { readonly metadata?: Readonly<Record<string, unknown>> } | undefined)?.metadata ?? {};
  return Object.fromEntries(NAMED.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])));
}
