import { createWriteStream } from "node:fs";
import { once } from "node:events";

export type Durability = "async" | "sync" | "exit";

/** What a client did and saw, and what was done to the fleet. Times are milliseconds since the epoch. */
export type HistoryEvent = { readonly at: number } & (
  | {
      /** The server said that it has the run. */
      readonly kind: "acknowledged";
      readonly run: string;
      readonly thread: string;
      readonly mark: string;
      readonly steps: number;
      readonly strategy: string;
      /** Nobody cancels or replaces it: it has to succeed. */
      readonly spared: boolean;
    }
  /** No answer, or one of trouble: the run may exist or not. */
  | { readonly kind: "unsure"; readonly thread: string; readonly mark: string; readonly reason: string }
  /** What `wait` or `join` answered. */
  | { readonly kind: "answered"; readonly run: string; readonly mark: string; readonly log: readonly string[] | null }
  | {
      /** A stream was read, over as many connections as it took. */
      readonly kind: "streamed";
      readonly run: string;
      readonly ids: readonly number[];
      /** Steps whose updates came. */
      readonly steps: readonly string[];
      readonly connections: number;
      readonly ended: boolean;
      readonly durability: Durability;
      /** Length of the largest event, of runs with large ones; 0 for others. */
      readonly heaviest: number;
      readonly heavy: number;
    }
  | {
      /** A run without a thread was waited for, from `since` on; null when nobody could say any more how it ended. */
      readonly kind: "stateless";
      readonly run: string;
      readonly mark: string;
      readonly steps: number;
      readonly since: number;
      readonly log: readonly string[] | null;
    }
  /** The end of this run is to be told to a webhook. */
  | { readonly kind: "hooked"; readonly run: string }
  /** A webhook came, and was answered with 2xx. */
  | { readonly kind: "delivered"; readonly run: string; readonly status: string }
  /** A cron was there, at least from `from` to `until`. */
  | {
      readonly kind: "cron";
      readonly cron: string;
      readonly everyMs: number;
      readonly from: number;
      readonly until: number;
    }
  /** A cancel with `wait=1` was answered; the status that the run had right after, `gone` when it was rolled back. */
  | { readonly kind: "cancelled"; readonly run: string; readonly status: string }
  | { readonly kind: "fault"; readonly name: string; readonly until: number; readonly victim: string }
  | {
      /** A run of a killed worker was claimed again or over, `ms` after the kill. It was taken from its worker at `takenMs`. */
      readonly kind: "recovered";
      readonly run: string;
      readonly fault: string;
      readonly ms: number;
      readonly takenMs: number;
    }
  /** A request failed. Of a `stream` that broke the user sees nothing: its client goes on where it was. */
  | { readonly kind: "trouble"; readonly what: string; readonly reason: string }
);

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;
export type NewEvent = WithoutTime<HistoryEvent>;

/** Everything that happened, as JSON lines on disk and in memory for the checker. */
export class History {
  readonly events: HistoryEvent[] = [];
  readonly #file;

  constructor(path: string) {
    this.#file = createWriteStream(path);
  }

  add(event: NewEvent, at = Date.now()): void {
    // The compiler cannot put a union back together from its parts.
    const whole = { at, ...event } as HistoryEvent;
    this.events.push(whole);
    this.#file.write(`${JSON.stringify(whole)}\n`);
  }

  of<K extends HistoryEvent["kind"]>(kind: K): Extract<HistoryEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<HistoryEvent, { kind: K }> => event.kind === kind);
  }

  async close(): Promise<void> {
    this.#file.end();
    await once(this.#file, "finish");
  }
}
