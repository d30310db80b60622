import { ENTRY_OVERHEAD_BYTES, type TapeEntry } from "@graphfleet/domain";

import type { Client } from "./client.js";
import { idOf, toEntry } from "./tape-codec.js";

export interface TapePage {
  readonly entries: readonly TapeEntry[];
  /** False when the page reached the end of the tape as it was then. */
  readonly more: boolean;
}

const MAX_ENTRIES = 500;
/** Before anything is known about their size. */
const FIRST_ENTRIES = 25;
/** A tape often begins with small events: what they weigh is not believed at once. */
const GROWTH = 4;
/** A page is asked for by count; the count follows the size of what came, so that large states come few at a time. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Reads a tape page by page. */
export class TapePager {
  readonly #redis: Client;
  readonly #key: string;
  #count = FIRST_ENTRIES;

  constructor(redis: Client, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** Entries numbered higher than `after`. @throws when Redis is away. */
  async next(after: number): Promise<TapePage> {
    const count = this.#count;
    const entries = (await this.#page(after, count)).map(toEntry);

    if (entries.length > 0) {
      const bytes = entries.reduce((sum, entry) => sum + entry.data.length + ENTRY_OVERHEAD_BYTES, 0);
      const fitting = Math.floor((PAGE_BYTES * entries.length) / bytes);
      this.#count = Math.max(1, Math.min(MAX_ENTRIES, count * GROWTH, fitting));
    }
    return { entries, more: entries.length === count };
  }

  async #page(after: number, count: number) {
    try {
      return await this.#redis.xrange(this.#key, idOf(Math.max(after, -1) + 1), "+", "COUNT", count);
    } catch (error) {
      // It may have been more than could be sent in time.
      this.#count = Math.max(1, Math.floor(count / GROWTH));
      throw error;
    }
  }
}
