import type { ServerResponse } from "node:http";
import { cut, type Listener } from "./disconnect.js";

/**
 * Server-sent events, byte for byte as the official clients read them.
 *
 * One event is one frame with exactly one `data` line. The stream has no closing event; it ends by ending. A comment line
 * with a single newline every few seconds keeps proxies and idle watchers calm; a blank line behind it would make the JS
 * SDK see an empty event.
 *
 * A slow reader slows its source: when the socket is full we stop asking for events until it drains. A reader that takes
 * nothing for a minute is cut off; it may come back with the id of its last event.
 */
export interface SseEvent {
  readonly event: string;
  /** One line of JSON. */
  readonly data: string;
  readonly id?: number;
}

export interface SseTimes {
  readonly heartbeatMs: number;
  readonly drainMs: number;
}

const SSE_TIMES: SseTimes = { heartbeatMs: 5_000, drainMs: 60_000 };

const HEARTBEAT = ": heartbeat\n";
/** Frames made in one turn of the event loop leave together; beyond this size they do not wait for the turn to end. */
const BATCH_CHARS = 64 * 1024;

/**
 * Sends events until the source ends, the client leaves or this process stops. In the last case, and when the source
 * breaks, the response is cut, so that the client reconnects instead of taking it for complete.
 *
 * @throws what the source throws, after cutting the response.
 */
export async function sendEvents(
  res: ServerResponse,
  events: AsyncIterable<SseEvent>,
  listener: Listener,
  times: SseTimes = SSE_TIMES,
): Promise<void> {
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-store, no-transform",
    "x-accel-buffering": "no",
  });
  res.flushHeaders();

  const writer = new FrameWriter(res, listener, times.drainMs);
  const heartbeat = setInterval(() => writer.beat(), times.heartbeatMs);
  try {
    for await (const event of events) {
      writer.add(frameOf(event));
      if (res.writableNeedDrain) await writer.drained();
      if (listener.signal.aborted) break;
    }
    writer.flush();
    if (listener.farewell() === null) res.end();
    else cut(res);
  } catch (error) {
    writer.flush();
    cut(res);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

export const frameOf = ({ event, data, id }: SseEvent): string =>
  id === undefined ? `event: ${event}\ndata: ${data}\n\n` : `event: ${event}\ndata: ${data}\nid: ${id}\n\n`;

/** Collects frames and hands them to the socket in one write per turn of the event loop. */
class FrameWriter {
  readonly #res: ServerResponse;
  readonly #listener: Listener;
  readonly #drainMs: number;
  #pending = "";
  #scheduled = false;

  constructor(res: ServerResponse, listener: Listener, drainMs: number) {
    this.#res = res;
    this.#listener = listener;
    this.#drainMs = drainMs;
  }

  add(frame: string): void {
    this.#pending += frame;
    if (this.#pending.length >= BATCH_CHARS) this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Heartbeats for a reader that takes nothing would only pile up. */
  beat(): void {
    if (!this.#res.writableNeedDrain) this.add(HEARTBEAT);
  }

  flush(): void {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "" && !this.#res.writableEnded && !this.#res.destroyed) this.#res.write(text);
  }

  /** Waits until the socket takes more, or nobody wants it any more. */
  async drained(): Promise<void> {
    const { signal } = this.#listener;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#res.off("drain", settle);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      const timer = setTimeout(() => this.#listener.giveUp(), this.#drainMs);
      this.#res.once("drain", settle);
      signal.addEventListener("abort", settle, { once: true });
      if (signal.aborted) settle();
    });
  }
}
