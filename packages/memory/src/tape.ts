import { isFirstOpen, type TapeEntry } from "@graphfleet/domain";

export interface TapeBounds {
  readonly entries: number;
  readonly bytes: number;
}

/** Trimming costs a copy, so it waits until this much is too much. */
const TRIM_SLACK = 1.1;

/** One thread's tape: entries in order of their numbers, the oldest go first. */
export class Tape {
  readonly #bounds: TapeBounds;
  #entries: TapeEntry[] = [];
  #bytes = 0;
  /** Milliseconds since the epoch; forgotten after this. */
  expiresAt = Number.POSITIVE_INFINITY;

  constructor(bounds: TapeBounds) {
    this.#bounds = bounds;
  }

  /** False when a newer attempt has written already. */
  add(entry: TapeEntry): boolean {
    if (entry.seq <= (this.#entries.at(-1)?.seq ?? -1)) return false;
    this.#entries.push(entry);
    this.#bytes += entry.data.length;
    this.#trim();
    return true;
  }

  /** At most `limit` entries numbered higher than `seq`. */
  after(seq: number, limit: number): readonly TapeEntry[] {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return this.#entries.slice(low, low + limit);
  }

  /** Highest event number of a run; -1 when its beginning is there and no event; null when neither is. */
  lastEventOf(runId: string): number | null {
    return this.#entries.findLast((entry) => entry.runId === runId && (entry.n >= 0 || isFirstOpen(entry)))?.n ?? null;
  }

  #trim(): void {
    const { entries, bytes } = this.#bounds;
    if (this.#entries.length <= entries * TRIM_SLACK && this.#bytes <= bytes * TRIM_SLACK) return;
    let gone = 0;
    // The last entry stays: it guards the tape against stale writers.
    while (gone < this.#entries.length - 1 && (this.#entries.length - gone > entries || this.#bytes > bytes)) {
      this.#bytes -= this.#entries[gone++]?.data.length ?? 0;
    }
    this.#entries = this.#entries.slice(gone);
  }
}
