import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type RequestListener,
} from "node:http";
import { Readable } from "node:stream";
import { InProcessSocket } from "../http/in-process-socket.js";

/** A request that is served without leaving the process. */
export interface InProcessRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer | Readable | null;
  /** Hangs up. */
  readonly signal: AbortSignal;
  /** The request from outside that this one continues; null when there is none. */
  readonly from: IncomingMessage | null;
}

/** Resolves as soon as the head of the answer is there; its body streams. @throws the reason of `signal`. */
export type Dispatch = (request: InProcessRequest) => Promise<Response>;

/** They are about one wire, not about the message. */
const ABOUT_THE_WIRE = ["connection", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Serves requests with a listener that need not listen anywhere. */
export function makeDispatch(listener: RequestListener): Dispatch {
  const server = createServer(listener);
  // Whoever is served longer than that is served in this process, by code that decides itself.
  server.requestTimeout = 0;
  server.headersTimeout = 0;

  return ({ method, path, headers, body, signal, from }) =>
    new Promise((resolve, reject) => {
      const [here, there] = InProcessSocket.pair(from);
      server.emit("connection", there);
      const request = httpRequest({
        method,
        path,
        headers: outgoing(headers, body),
        signal,
        setHost: false,
        createConnection: () => here,
      });
      request.on("error", (error) => reject(signal.aborted ? (signal.reason as Error) : error));
      request.once("response", (incoming) => resolve(toResponse(incoming, method)));
      if (body instanceof Readable) send(body, request);
      else request.end(body ?? undefined);
    });
}

/** Not a pipeline: that would break off what comes in, and its connection, when the answer comes before the end. */
function send(body: Readable, request: ClientRequest): void {
  body.pipe(request);
  body.once("error", (error) => request.destroy(error));
  request.once("close", () => {
    body.unpipe(request);
    body.resume();
  });
}

function outgoing(headers: Headers, body: InProcessRequest["body"]): OutgoingHttpHeaders {
  const sent: Record<string, string | number> = Object.fromEntries(headers);
  const length = sent["content-length"];
  for (const name of [...ABOUT_THE_WIRE, "content-length"]) delete sent[name];
  if (Buffer.isBuffer(body)) sent["content-length"] = body.length;
  // Its length is only known if it is still the stream that came in.
  else if (body !== null) sent[length === undefined ? "transfer-encoding" : "content-length"] = length ?? "chunked";
  return sent;
}

function toResponse(incoming: IncomingMessage, method: string): Response {
  const status = incoming.statusCode ?? 500;
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = incoming.rawHeaders.slice(at, at + 2);
    if (!ABOUT_THE_WIRE.includes(name.toLowerCase())) headers.append(name, value);
  }
  if (method === "HEAD" || WITHOUT_BODY.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  // The same class; the types of Node and of the web do not know of each other.
  const body = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
}
