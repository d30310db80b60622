import { type Log, malformedRequest, refusalOf, messageOf } from "@graphfleet/domain";
import type { HonoApp, HonoContext } from "@graphfleet/runtime";
import type { Readable } from "node:stream";
import type { Request as ExpressRequest, RequestHandler, Response as ExpressResponse } from "express";
import type { ReadBody } from "../http/body.js";
import type { Dispatch } from "./dispatch.js";
import { exposedAuth } from "./exposed-auth.js";
import { sendResponse } from "./send-response.js";

/*
 * A Hono app around our own routes.
 *
 * Its routes come first. What none of them answers goes on to `inner`, from within the app, so that its middleware wraps
 * our routes too. The app itself stays as it is: it becomes a part of an outer app of its own class, whose "not found" is
 * our routes.
 */
export interface HonoAppParts {
  readonly hono: HonoApp;
  /** Our routes. */
  readonly inner: Dispatch;
  readonly readBody: ReadBody;
  readonly log: Log;
}

/** What a request to the app carries along; Hono calls it `env`. */
interface Surroundings {
  readonly incoming: ExpressRequest;
  readonly outgoing: ExpressResponse;
  readonly signal: AbortSignal;
  readonly request: Request;
}

export function honoAppHandler(parts: HonoAppParts): RequestHandler {
  const outer = wrap(parts);
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    const request = toWebRequest(incoming, outgoing, gone.signal, parts.readBody);
    const env: Surroundings = { incoming, outgoing, signal: gone.signal, request };
    await sendResponse(await outer.fetch(request, env), outgoing);
  };
}

function wrap({ hono, inner, log }: HonoAppParts): HonoApp {
  // Its own class, because our copy of Hono, if we had one, would be another.
  const Outer = hono.constructor as new (options: object) => HonoApp;
  const outer = new Outer({ getPath: hono.getPath });
  outer.use("*", async (context, next) => {
    shareJson(context);
    const auth = exposedAuth(surroundingsOf(context).incoming);
    if (auth !== null) context.set("auth", auth);
    await next();
  });
  outer.route("/", hono);
  outer.all("*", (context) => goOn(context, inner));
  outer.onError((error) => answerTo(error, log));
  return outer;
}

const surroundingsOf = ({ env }: HonoContext): Surroundings => env as Surroundings;

/** What somebody parsed, everybody gets: who changes it changes what our routes see. */
const parsed = new WeakMap<HonoContext["req"], Promise<unknown>>();

function shareJson({ req }: HonoContext): void {
  const parse = req.json.bind(req);
  req.json = () => {
    const before = parsed.get(req);
    if (before !== undefined) return before;
    const value = parse();
    parsed.set(req, value);
    // What is no JSON goes to our routes as it is.
    value.catch(() => parsed.delete(req));
    return value;
  };
}

async function goOn(context: HonoContext, inner: Dispatch): Promise<Response> {
  const { incoming, outgoing, signal } = surroundingsOf(context);
  const { raw } = context.req;
  const url = new URL(raw.url);
  const headers = new Headers(raw.headers);
  // Whoever replaced the request may have left out what HTTP asks for.
  if (!headers.has("host")) headers.set("host", url.host);
  // One request, one id.
  headers.set("x-request-id", String(outgoing.getHeader("x-request-id")));
  try {
    return await inner({
      method: raw.method,
      path: `${url.pathname}${url.search}`,
      headers,
      body: await bodyOf(context),
      signal,
      from: incoming,
    });
  } catch (error) {
    // Nobody is there any more to be told.
    if (signal.aborted) return new Response(null, { status: 499 });
    throw error;
  }
}

async function bodyOf(context: HonoContext): Promise<Buffer | Readable | null> {
  const { req } = context;
  const { incoming, request } = surroundingsOf(context);
  if (req.raw.body === null) return null;
  const value = parsed.get(req);
  if (value !== undefined) return Buffer.from(JSON.stringify(await value));
  const isUntouched = req.raw === request && !incoming.readableDidRead && Object.keys(req.bodyCache).length === 0;
  return isUntouched ? incoming : Buffer.from(await req.arrayBuffer());
}

/** Exceptions of Hono bring their own answer, those of LangGraph's SDK a status and a message. */
function answerTo(error: unknown, log: Log): Response | Promise<Response> {
  if (typeof error === "object" && error !== null && "getResponse" in error && typeof error.getResponse === "function")
    return (error as { getResponse(): Response }).getResponse();
  const refusal = refusalOf(error);
  if (refusal !== null)
    return new Response(refusal.message, { status: refusal.status, headers: { ...refusal.headers } });
  log.error({ err: error }, "the project's http app failed");
  return new Response("Internal Server Error", { status: 500 });
}

/** @throws DomainError `malformed_request` for a request that the web's form cannot hold. */
function toWebRequest(req: ExpressRequest, res: ExpressResponse, signal: AbortSignal, readBody: ReadBody): Request {
  const hasBody = req.method !== "GET" && req.method !== "HEAD";
  try {
    const headers = new Headers();
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      headers.append(req.rawHeaders[at] ?? "", req.rawHeaders[at + 1] ?? "");
    }
    // Without the prefix that everything is mounted under.
    const url = new URL(req.url, `${req.protocol}://${req.headers.host ?? "localhost"}`);
    const body = hasBody ? { body: lazily(() => chunksOf(req, res, readBody)), duplex: "half" as const } : {};
    return new Request(url, { method: req.method, headers, signal, ...body });
  } catch (error) {
    throw malformedRequest(`This request cannot be read: ${messageOf(error)}`);
  }
}

/** The body as it comes in; or, if a login read it already, what was read. */
async function* chunksOf(req: ExpressRequest, res: ExpressResponse, readBody: ReadBody): AsyncGenerator<Buffer> {
  if (req.readableDidRead) yield await readBody(req, res);
  else for await (const chunk of req) yield chunk as Buffer;
}

/** Nothing is read before somebody reads: Node takes care of bodies that nobody wants. */
function lazily(open: () => AsyncGenerator<Buffer>): ReadableStream<Uint8Array> {
  let chunks: AsyncGenerator<Buffer> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= open();
        const chunk: IteratorResult<Buffer, unknown> = await chunks.next();
        if (chunk.done === true) controller.close();
        else controller.enqueue(new Uint8Array(chunk.value));
      },
      async cancel() {
        await chunks?.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
