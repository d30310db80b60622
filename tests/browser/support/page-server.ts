import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { freePort } from "@graphfleet/embedded";
import { build } from "esbuild";

const PAGE = fileURLToPath(new URL("../page/chat.tsx", import.meta.url));
const HTML = `<!doctype html><meta charset="utf-8"><title>Chat</title><div id="root"></div><script src="/chat.js"></script>`;

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Bundles the chat page and serves it on a port of its own, so that it is a stranger to the API. */
export async function servePage(): Promise<PageServer> {
  const bundle = await build({
    entryPoints: [PAGE],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  const script = bundle.outputFiles[0]?.contents;
  if (script === undefined) throw new Error("esbuild made no bundle");

  const server = createServer((req, res) => {
    if (req.url === "/chat.js") return res.setHeader("content-type", "text/javascript").end(script);
    return res.setHeader("content-type", "text/html").end(HTML);
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
