/** How many runs may execute at once, whoever brings them: a ring or a look into the ledger. */
export class Slots {
  readonly #max: number;
  readonly #waiting: ((got: boolean) => void)[] = [];
  #taken = 0;
  #closed = false;

  constructor(max: number) {
    this.#max = max;
  }

  get free(): number {
    return this.#closed ? 0 : this.unused;
  }

  /** Slots that nobody holds, whether or not any are given out. */
  get unused(): number {
    return this.#max - this.#taken;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Takes a slot if one is free. */
  tryTake(): boolean {
    if (this.free <= 0) return false;
    this.#taken += 1;
    return true;
  }

  /** Takes a slot, waiting for one if need be. @returns false when none is given out any more. */
  async take(): Promise<boolean> {
    if (this.#closed) return false;
    if (this.tryTake()) return true;
    return await new Promise<boolean>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  give(): void {
    const next = this.#waiting.shift();
    // It goes from hand to hand, so nobody can come in between.
    if (next === undefined) this.#taken -= 1;
    else next(true);
  }

  /** From now on slots are only given back. Whoever waits for one goes without. */
  close(): void {
    this.#closed = true;
    for (const wait of this.#waiting.splice(0)) wait(false);
  }
}
