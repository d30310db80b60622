import type { StartOptions } from "./start-options.js";

/** Where processes on this machine find the API: graphs call it there, and webhooks that are a path are sent there. */
export function ownUrl({ host, port }: Pick<StartOptions, "host" | "port">, prefix: string): string {
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const address = host.includes(":") ? `[${host}]` : host;
  return `http://${isEverywhere ? "127.0.0.1" : address}:${port}${prefix}`;
}
