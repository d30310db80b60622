import type { Vector } from "@graphfleet/domain";

/** In front of the numbers of a one-dimensional array as Postgres sends it; in front of each number stands its length. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NUMBER_BYTES = 4;

/** Vectors by the number of their row, which never comes twice. The ones used last stay, up to a bound in bytes. */
export class VectorCache {
  readonly #vectors = new Map<number, Vector>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(seq: number): Vector | undefined {
    const vector = this.#vectors.get(seq);
    if (vector !== undefined) {
      this.#vectors.delete(seq);
      this.#vectors.set(seq, vector);
    }
    return vector;
  }

  add(seq: number, vector: Vector): void {
    if (this.#vectors.has(seq)) return;
    this.#vectors.set(seq, vector);
    this.#bytes += vector.byteLength;
    for (const [oldest, { byteLength }] of this.#vectors) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#vectors.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}

/** Reads what `array_send` makes of a `real[]`. */
export function readFloats(bytes: Buffer): Vector {
  const step = LENGTH_BYTES + NUMBER_BYTES;
  const length = Math.max(0, Math.floor((bytes.length - HEADER_BYTES) / step));
  return Float32Array.from({ length }, (_, at) => bytes.readFloatBE(HEADER_BYTES + at * step + LENGTH_BYTES));
}

/** The cosine of the angle between two vectors of one length; 0 when one of them points nowhere. */
export function cosineSimilarity(a: Vector, b: Vector): number {
  let dot = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    dot += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return lengthA === 0 || lengthB === 0 ? 0 : dot / Math.sqrt(lengthA * lengthB);
}
