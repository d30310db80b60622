import {
  ENTRY_OVERHEAD_BYTES,
  isFirstOpen,
  type TapeBounds,
  type TapeEntry,
  type TapeLosses,
} from "@graphfleet/domain";

export type TapeOptions = TapeBounds & TapeLosses;

/** Trimming costs a copy, so it waits until this much is too much. */
const TRIM_SLACK = 1.1;

const bytesOf = (entry: TapeEntry | undefined): number =>
  entry === undefined ? 0 : Buffer.byteLength(entry.data) + ENTRY_OVERHEAD_BYTES;

/** One thread's tape: entries in order of their numbers, the oldest go first. */
export class Tape {
  readonly #options: TapeOptions;
  #entries: TapeEntry[] = [];
  #bytes = 0;
  /** Milliseconds since the epoch; forgotten after this. */
  expiresAt = Number.POSITIVE_INFINITY;

  constructor(options: TapeOptions) {
    this.#options = options;
  }

  /** False when a newer attempt has written already. */
  add(entry: TapeEntry): boolean {
    if (entry.seq <= (this.#entries.at(-1)?.seq ?? -1)) return false;
    this.#entries.push(entry);
    this.#bytes += bytesOf(entry);
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
    const { maxEntries, maxBytes, onTrimmed } = this.#options;
    if (this.#entries.length <= maxEntries * TRIM_SLACK && this.#bytes <= maxBytes * TRIM_SLACK) return;
    let gone = 0;
    let tooHeavy = 0;
    // The last entry stays: it guards the tape against stale writers.
    while (gone < this.#entries.length - 1 && (this.#entries.length - gone > maxEntries || this.#bytes > maxBytes)) {
      if (this.#bytes > maxBytes) tooHeavy++;
      this.#bytes -= bytesOf(this.#entries[gone++]);
    }
    this.#entries = this.#entries.slice(gone);
    if (tooHeavy > 0) onTrimmed(tooHeavy);
  }
}
