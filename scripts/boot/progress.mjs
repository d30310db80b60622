const TICK_MS = 1000;

/** One line per step: `[1/2] installing packages ... 14 s`. A terminal sees the seconds go by. */
export class Progress {
  #total;
  #out;
  #done = 0;

  constructor(total, out) {
    this.#total = total;
    this.#out = out;
  }

  /** Runs one step. `work` may return words to show instead of the time. */
  async step(name, work) {
    this.#done += 1;
    const label = `[${this.#done}/${this.#total}] ${name} ... `;
    const begun = Date.now();
    const elapsed = () => `${Math.round((Date.now() - begun) / 1000)} s`;

    this.#out.write(label);
    const ticker = this.#out.isTTY ? setInterval(() => this.#out.write(`\r${label}${elapsed()}`), TICK_MS) : undefined;
    try {
      const words = await work();
      this.#end(label, words ?? elapsed());
    } catch (error) {
      this.#end(label, "failed");
      throw error;
    } finally {
      clearInterval(ticker);
    }
  }

  #end(label, words) {
    // What the ticker wrote may be longer than the last word.
    this.#out.write(this.#out.isTTY ? `\r${label}${words}\u001B[K\n` : `${words}\n`);
  }
}
