import type { ServerResponse } from "node:http";

/** Why nobody needs the rest of a response. */
export type Farewell = "client_left" | "stopping";

/** Whether anybody still waits for a response. */
export interface Listener {
  /** Aborts when the client goes away, or this process stops, before the response is complete. */
  readonly signal: AbortSignal;
  /** Why it aborted; null while somebody listens. */
  farewell(): Farewell | null;
  /** Stops listening to a client that takes nothing: from here on it counts as gone. */
  giveUp(): void;
}

/** Watches the client of a response that takes its time. Call before the first wait, or an early goodbye is missed. */
export function listenerOf(res: ServerResponse, stopping: AbortSignal): Listener {
  const controller = new AbortController();
  const stop = (): void => controller.abort("stopping" satisfies Farewell);
  const leave = (): void => controller.abort("client_left" satisfies Farewell);
  const onClose = (): void => {
    stopping.removeEventListener("abort", stop);
    if (!res.writableFinished) leave();
  };

  res.once("close", onClose);
  if (res.closed) onClose();
  else if (stopping.aborted) stop();
  else stopping.addEventListener("abort", stop, { once: true });

  return {
    signal: controller.signal,
    farewell: () => (controller.signal.aborted ? (controller.signal.reason as Farewell) : null),
    giveUp: () => {
      leave();
      res.destroy();
    },
  };
}

/**
 * Ends a response so that the client can tell it from a complete one: what was written still goes out, the last chunk
 * does not. Clients then go on where they were, elsewhere.
 */
export function cut(res: ServerResponse): void {
  if (res.socket === null) res.destroy();
  else res.socket.destroySoon();
}
