import type { Operation } from "../http/operation.js";

/** A command that tries the operation against a server that `npm start` brought up. Ids are taken from the shell. */
export function curlOf({ method, path, example, answers }: Operation, prefix = ""): string {
  const verb =
    method === "get" || (method === "post" && example?.body !== undefined) ? "" : ` -X ${method.toUpperCase()}`;
  const streams = answers[200]?.content?.type === "text/event-stream" ? " -N" : "";
  const place = path.replaceAll(/:(\w+)/g, (_match, name: string) =>
    name === "assistant_id" && method !== "delete" ? "agent" : `$${name.toUpperCase()}`,
  );
  const query = example?.query === undefined ? "" : `?${example.query}`;
  const body = example?.body === undefined ? "" : ` -d '${JSON.stringify(example.body)}'`;
  return `curl${streams}${verb} "localhost:8123${prefix}${place}${query}"${body}`;
}
