import type { ServerResponse } from "node:http";
import type { Metrics } from "@graphfleet/chassis";
import { unavailable } from "@graphfleet/domain";
import type { Stopping } from "../stopping.js";
import { type Listener, listenerOf } from "./disconnect.js";

export interface AudienceOptions {
  readonly stopping: Pick<Stopping, "streams" | "waits">;
  /** Listeners that this process takes at once; 0 = all. */
  readonly max: number;
  readonly metrics: Metrics;
}

/**
 * Everybody whose response stays open: readers of streams, and those who wait for a run. Each costs memory and a
 * connection for as long as it likes, so there is a bound, and who comes beyond it is sent away before anything is done.
 */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #open;
  readonly #refused;
  #size = 0;

  constructor(options: AudienceOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#open = metrics.gauge("streams_open", "Responses that stay open: streams, and waits for runs", ["kind"]);
    this.#refused = metrics.counter("streams_refused_counter", "Streams and waits refused because there were too many");
    for (const kind of ["stream", "wait"] as const) this.#open.set({ kind }, 0);
  }

  /** Someone who reads events. @throws DomainError `unavailable` when there are too many. */
  stream(res: ServerResponse): Listener {
    this.#seat(res, "stream");
    return listenerOf(res, this.#options.stopping.streams);
  }

  /** Someone who waits for a run. @throws DomainError `unavailable` when there are too many. */
  wait(res: ServerResponse): Listener {
    this.#seat(res, "wait");
    return listenerOf(res, this.#options.stopping.waits);
  }

  #seat(res: ServerResponse, kind: "stream" | "wait"): void {
    const { max } = this.#options;
    // It will not be told of another end.
    if (res.closed) return;
    if (max > 0 && this.#size >= max) {
      this.#refused.inc();
      throw unavailable(
        `This server has ${max} streams and waits open, which is its limit (MAX_CONCURRENT_STREAMS). Try again soon.`,
      );
    }
    this.#size += 1;
    this.#open.inc({ kind });
    res.once("close", () => {
      this.#size -= 1;
      this.#open.dec({ kind });
    });
  }
}
