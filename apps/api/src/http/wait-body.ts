import type { ServerResponse } from "node:http";
import { cut, type Listener } from "./disconnect.js";

/**
 * How often an unfinished body gets a newline. White space before a JSON value is nothing to a parser, and it keeps
 * clients and proxies from giving up: theirs is usually five minutes of silence.
 */
const KEEP_ALIVE_MS = 5_000;

/**
 * Answers with JSON that takes its time. Status and headers go out at once, so every error that is an answer has to be
 * decided before. When the work gives null (nobody waits any more) or breaks, the response is cut.
 *
 * @throws what the work throws, after cutting the response.
 */
export async function sendWhenReady(
  res: ServerResponse,
  work: Promise<string | null>,
  listener: Listener,
  keepAliveMs: number = KEEP_ALIVE_MS,
): Promise<void> {
  res.writeHead(200, { "content-type": "application/json", "cache-control": "no-store", "x-accel-buffering": "no" });
  res.flushHeaders();

  const keepAlive = setInterval(() => {
    // A client that reads nothing needs no keep-alive, and must not make us collect them.
    if (!res.writableNeedDrain) res.write("\n");
  }, keepAliveMs);
  try {
    const body = await work;
    if (body === null || listener.farewell() !== null) cut(res);
    else res.end(body);
  } catch (error) {
    cut(res);
    throw error;
  } finally {
    clearInterval(keepAlive);
  }
}
