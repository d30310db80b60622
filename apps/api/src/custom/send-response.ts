import type { Response as ExpressResponse } from "express";
import { cut } from "../http/disconnect.js";

/**
 * Sends a web response as it comes, no faster than the client reads. A body that breaks cuts the connection, so that the
 * client does not take what it got for complete; a client that leaves ends the body.
 */
export async function sendResponse(response: Response, res: ExpressResponse): Promise<void> {
  if (res.destroyed) return await response.body?.cancel();
  res.status(response.status);
  for (const [name, value] of response.headers) {
    if (name === "vary") res.vary(value);
    else if (name !== "set-cookie") res.setHeader(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) res.append("set-cookie", cookie);
  if (response.body === null) return void res.end();

  res.flushHeaders();
  const reader = response.body.getReader();
  // It may fail to break off when it is over already.
  const leave = (): void => void reader.cancel().catch(() => undefined);
  res.once("close", leave);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (!res.write(chunk.value)) await roomIn(res);
    }
    res.end();
  } catch {
    cut(res);
  } finally {
    res.off("close", leave);
  }
}

/** Until the client took something, or is gone. */
const roomIn = (res: ExpressResponse): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      res.off("drain", settle);
      res.off("close", settle);
      resolve();
    };
    res.once("drain", settle);
    res.once("close", settle);
    if (res.destroyed) settle();
  });
