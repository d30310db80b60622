import type { TapeEntry } from "@graphfleet/domain";

export type Hint = "poke" | "idle";

/** How much may wait in memory for one reader. */
export interface ReaderBounds {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * One reader's place on a tape.
 *
 * A live reader is handed what the hub reads for everybody. When it does not keep up, it stops being live: what waits
 * for it stays, and the rest it fetches from the store by its own cursor until it has caught up.
 */
export class TapeReader {
  /** Last number that was delivered or waits in the queue. */
  cursor: number;
  live = false;

  readonly #bounds: ReaderBounds;
  readonly #hints = new Set<Hint>();
  #queue: TapeEntry[] = [];
  #bytes = 0;
  #nudged = false;
  #wake: (() => void) | null = null;

  constructor(after: number, bounds: ReaderBounds) {
    this.cursor = after;
    this.#bounds = bounds;
  }

  offer(entry: TapeEntry): void {
    if (!this.live || entry.seq <= this.cursor) return;
    if (this.#queue.length >= this.#bounds.entries || this.#bytes >= this.#bounds.bytes) {
      this.live = false;
    } else {
      this.#queue.push(entry);
      this.#bytes += entry.data.length;
      this.cursor = entry.seq;
    }
    this.nudge();
  }

  hint(hints: Iterable<Hint>): void {
    for (const hint of hints) this.#hints.add(hint);
    if (this.#hints.size > 0) this.nudge();
  }

  takeEntries(): readonly TapeEntry[] {
    const entries = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    return entries;
  }

  takeHints(): readonly Hint[] {
    const hints = [...this.#hints];
    this.#hints.clear();
    return hints;
  }

  /** Makes `changed` resolve. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Resolves at the next nudge, or at once when there was one since the last call. */
  async changed(): Promise<void> {
    if (!this.#nudged) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    this.#nudged = false;
  }
}
