import type { Socket } from "node:net";

interface Piece {
  readonly bytes: Buffer | null;
  readonly dueAt: number;
}

/** One direction of a wire: passes bytes on in order, late when told so, and not at all once the wire is dead. */
export class Relay {
  readonly #to: Socket;
  readonly #state: { readonly delayMs: () => number; readonly isDead: () => boolean };
  readonly #late: Piece[] = [];

  constructor(to: Socket, state: { readonly delayMs: () => number; readonly isDead: () => boolean }) {
    this.#to = to;
    this.#state = state;
  }

  pass(bytes: Buffer, from: Socket): void {
    if (this.#state.isDead()) return;
    if (this.#state.delayMs() > 0 || this.#late.length > 0) return this.#postpone(bytes);
    if (this.#to.destroyed || this.#to.write(bytes)) return;
    from.pause();
    this.#to.once("drain", () => from.resume());
  }

  /** The other side said its last word. */
  end(): void {
    if (this.#state.isDead()) return;
    if (this.#late.length > 0) return this.#postpone(null);
    this.#to.end();
  }

  #postpone(bytes: Buffer | null): void {
    this.#late.push({ bytes, dueAt: performance.now() + this.#state.delayMs() });
    if (this.#late.length === 1) this.#wait();
  }

  #wait(): void {
    const [first] = this.#late;
    if (first !== undefined) setTimeout(() => this.#deliver(), Math.max(0, first.dueAt - performance.now()));
  }

  #deliver(): void {
    const piece = this.#late.shift();
    if (piece !== undefined && !this.#state.isDead() && !this.#to.destroyed) {
      if (piece.bytes === null) this.#to.end();
      else this.#to.write(piece.bytes);
    }
    this.#wait();
  }
}
