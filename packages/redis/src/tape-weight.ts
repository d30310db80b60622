import { messageOf } from "@graphfleet/domain";
import type { RedisLink } from "./connection.js";

/** A tape is trimmed by pieces of this share of its bound. */
const PIECES = 32;

interface Piece {
  /** Number of its first entry. */
  readonly from: number;
  bytes: number;
}

/**
 * What a tape weighs, and from where on it weighs no more than it may. Entries are not remembered one by one, only in
 * pieces, so it costs the same for a tape of small entries and one of large ones.
 */
export class TapeWeight {
  /** What lay on the tape before the first entry that was added. */
  before = 0;
  readonly #maxBytes: number;
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  #lastSeq = -1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** An entry that is added again, because nobody knows whether it arrived, counts once. */
  add(seq: number, bytes: number): void {
    if (seq <= this.#lastSeq) return;
    this.#lastSeq = seq;
    this.#bytes += bytes;
    const piece = this.#pieces.at(-1);
    if (piece === undefined || piece.bytes + bytes > this.#maxBytes / PIECES) this.#pieces.push({ from: seq, bytes });
    else piece.bytes += bytes;
  }

  /** Number from which on entries may stay; null when nothing has to go. What it gives up counts no more. */
  surplus(): number | null {
    if (this.before + this.#bytes <= this.#maxBytes) return null;
    this.before = 0;
    let gone = 0;
    while (gone < this.#pieces.length - 1 && this.#bytes > this.#maxBytes) {
      this.#bytes -= this.#pieces[gone++]?.bytes ?? 0;
    }
    this.#pieces.splice(0, gone);
    return this.#pieces[0]?.from ?? null;
  }
}

/** What a tape takes of the memory of Redis; 0 when Redis does not say. Never rejects. */
export async function bytesOf(link: RedisLink, key: string): Promise<number> {
  try {
    // Without a number of samples Redis guesses from the first few entries.
    return (await link.command.memory("USAGE", key, "SAMPLES", 0)) ?? 0;
  } catch (error) {
    link.log.debug({ reason: messageOf(error) }, "Redis does not say what a tape weighs");
    return 0;
  }
}
