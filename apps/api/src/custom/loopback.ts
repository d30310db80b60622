import type { Dispatch } from "./dispatch.js";

/** How code in this process calls this server without a network: the SDK's client does, when it is given no URL. */
export interface Loopback {
  readonly fetch: typeof globalThis.fetch;
  /** Tells who serves, once somebody does. */
  serve(dispatch: Dispatch): void;
}

/** Opens it before the project's modules are loaded, because clients are often made while they are. */
export function openLoopback(prefix: string): Loopback {
  let served: Dispatch | null = null;

  return {
    serve: (dispatch) => {
      served = dispatch;
    },

    async fetch(input, init) {
      if (served === null)
        throw new Error("This server is still starting. Call it from a route or from a node, not while modules load.");
      const request =
        input instanceof Request ? new Request(input, init) : new Request(new URL(input, "http://localhost"), init);
      const { pathname, search, host } = new URL(request.url);
      const isUnderPrefix = pathname === prefix || pathname.startsWith(`${prefix}/`);
      const headers = new Headers(request.headers);
      headers.set("host", host);
      const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
      return await served({
        method: request.method,
        path: `${isUnderPrefix ? "" : prefix}${pathname}${search}`,
        headers,
        body,
        signal: request.signal,
        from: null,
      });
    },
  };
}
