import { DomainError, malformedRequest } from "@graphfleet/domain";
import express, { type Request, type RequestHandler, type Response } from "express";
import { parseJson } from "./json-text.js";

/** Reads a request's body, once: whoever asks again gets the same bytes. @throws DomainError `too_large`. */
export type ReadBody = (req: Request, res: Response) => Promise<Buffer>;

export function bodyReader({ limitBytes }: { readonly limitBytes: number }): ReadBody {
  const read = express.raw({ type: () => true, limit: limitBytes });
  const known = new WeakMap<Request, Promise<Buffer>>();

  return (req, res) => {
    const before = known.get(req);
    if (before !== undefined) return before;
    // The project's own app read it, and may have changed what it read.
    if (req.readableDidRead && req.body !== undefined) return Promise.resolve(bytesOf(req.body));
    const bytes = new Promise<Buffer>((resolve, reject) => {
      read(req, res, (error?: unknown) => {
        // oxlint-disable-next-line prefer-promise-reject-errors -- the parser's own errors are told apart further out.
        if (error !== undefined && error !== null) reject(isTooLarge(error) ? tooLarge(limitBytes) : error);
        else resolve(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0));
      });
    });
    known.set(req, bytes);
    return bytes;
  };
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : (JSON.stringify(body) ?? ""));
}

/**
 * Reads the request body as JSON, whatever its content type says: clients leave it out, or send another one. An empty body
 * is `{}`.
 */
export function jsonBody(read: ReadBody): RequestHandler {
  return async (req, res, next) => {
    const hasBody = req.method !== "GET" && req.method !== "HEAD";
    req.body = hasBody ? fromJson(await read(req, res)) : {};
    next();
  };
}

function fromJson(bytes: Buffer): unknown {
  // A TextDecoder drops a byte order mark, which some clients put first.
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") return {};
  try {
    return parseJson(text) ?? {};
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw malformedRequest("Malformed JSON in request body");
  }
}

const isTooLarge = (error: unknown): boolean => (error as { type?: unknown } | undefined)?.type === "entity.too.large";

const tooLarge = (limitBytes: number) =>
  new DomainError(
    "too_large",
    `Request body is larger than ${limitBytes} bytes, which is the limit of this server (HTTP_MAX_REQUEST_BODY_BYTES)`,
  );
