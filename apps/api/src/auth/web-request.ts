import { malformedRequest, messageOf } from "@graphfleet/domain";
import type { Request as ExpressRequest } from "express";

/**
 * An Express request in the form that authenticators know.
 *
 * @throws DomainError `malformed_request` for a request that this form cannot hold.
 */
export function toWebRequest(req: ExpressRequest, readBody: () => Promise<Buffer>): Request {
  const hasBody = req.method !== "GET" && req.method !== "HEAD";
  try {
    return new Request(urlOf(req), {
      method: req.method,
      headers: headersOf(req),
      ...(hasBody ? { body: lazily(readBody), duplex: "half" } : {}),
    });
  } catch (error) {
    throw malformedRequest(`This request cannot be read: ${messageOf(error)}`);
  }
}

function urlOf({ protocol, headers, originalUrl }: ExpressRequest): string {
  return originalUrl.startsWith("/") ? `${protocol}://${headers.host ?? "localhost"}${originalUrl}` : originalUrl;
}

function headersOf(req: ExpressRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  return headers;
}

/** Nothing is read before somebody reads: a request that is turned away at the door keeps its body. */
function lazily(readBody: () => Promise<Buffer>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        controller.enqueue(new Uint8Array(await readBody()));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
