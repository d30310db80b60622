import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";

const HEADER = "x-request-id";
const LENGTH_MAX = 200;

/** Every response carries an id: the one that the client sent, else a new one. */
export const requestId: RequestHandler = (req, res, next) => {
  const sent = req.get(HEADER);
  res.setHeader(HEADER, sent !== undefined && sent !== "" && sent.length <= LENGTH_MAX ? sent : randomUUID());
  next();
};
