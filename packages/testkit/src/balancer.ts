import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

import { freePort } from "@graphfleet/embedded";

/** What stands in front of several APIs in production, small. */
export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 200;
const LOOK_TIMEOUT_MS = 1000;
/** Headers that speak of one connection, not of the message. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding"]);

/**
 * Spreads requests over `targets`, base URLs of servers with an `/ok`.
 *
 * A server whose `/ok` does not say 200 gets no new requests, as with a readiness probe. A connection that is refused is
 * no answer, so the next server is asked; after that a request may have been heard, and what breaks is the client's to
 * know: 502 before the headers, a broken connection later. Each request has a connection of its own behind us.
 */
export async function openBalancer(targets: readonly string[]): Promise<Balancer> {
  const ready = new Set(targets);
  let turn = 0;

  const look = async (target: string): Promise<void> => {
    const isReady = await fetch(`${target}/ok`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
    if (isReady) ready.add(target);
    else ready.delete(target);
  };
  const looking = setInterval(() => void Promise.all(targets.map(look)), LOOK_EVERY_MS);

  /** Those that are ready, the next one first; then the others, which may be by now. */
  const inTurn = (): readonly string[] => {
    turn += 1;
    const turned = targets.map((_, i) => targets[(turn + i) % targets.length] ?? "");
    return [...turned.filter((target) => ready.has(target)), ...turned.filter((target) => !ready.has(target))];
  };

  const server = createServer((req, res) => {
    void forward(req, res, inTurn(), (target) => ready.delete(target));
  });
  server.keepAliveTimeout = 60_000;
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      clearInterval(looking);
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  targets: readonly string[],
  onRefused: (target: string) => void,
): Promise<void> {
  // Whole, because it may have to be sent twice.
  const pieces: Buffer[] = [];
  for await (const piece of req as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  for (const target of targets) {
    const outcome = await send(req, res, body, target);
    if (outcome === "passed") return;
    if (outcome === "broken") break;
    onRefused(target);
  }
  res.writeHead(502, { "content-type": "text/plain" }).end("no server answered");
}

/** `refused`: the server did not hear of it. `broken`: it may have, and nothing was answered. */
function send(
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
  target: string,
): Promise<"passed" | "refused" | "broken"> {
  const headers = Object.fromEntries(Object.entries(req.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
  return new Promise((resolve) => {
    const sent = request(`${target}${req.url ?? "/"}`, {
      agent: false,
      ...(req.method === undefined ? {} : { method: req.method }),
      headers: { ...headers, "content-length": String(body.length) },
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" ? "refused" : "broken");
    });
    sent.on("response", (answer) => {
      resolve("passed");
      const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      res.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
      res.flushHeaders();
      // What is not whole must not look so: the client's connection breaks like ours did.
      answer.on("error", () => res.destroy());
      answer.on("close", () => {
        if (!answer.complete) res.destroy();
      });
      answer.pipe(res);
    });
    // A client that leaves takes its request along.
    res.on("close", () => sent.destroy());
    sent.end(body);
  });
}
