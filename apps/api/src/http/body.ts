import { DomainError, malformedRequest } from "@graphfleet/domain";
import express, { type RequestHandler } from "express";
import { parseJson } from "./json-text.js";

/**
 * Reads the request body as JSON, whatever its content type says: clients leave it out, or send another one. An empty body
 * is `{}`.
 */
export function jsonBody({ limitBytes }: { readonly limitBytes: number }): RequestHandler[] {
  const read = express.raw({ type: () => true, limit: limitBytes });

  return [
    (req, res, next) => {
      if (req.method === "GET" || req.method === "HEAD") return next();
      read(req, res, (error?: unknown) => next(isTooLarge(error) ? tooLarge(limitBytes) : error));
    },
    (req, _res, next) => {
      req.body = fromJson(req.body);
      next();
    },
  ];
}

function fromJson(bytes: unknown): unknown {
  // A TextDecoder drops a byte order mark, which some clients put first.
  const text = Buffer.isBuffer(bytes) ? new TextDecoder().decode(bytes) : "";
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
  new DomainError("too_large", `Request body is larger than ${limitBytes} bytes, which is the limit of this server`);
